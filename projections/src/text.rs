//! What words must be before they go into tables, the same for every engine.

/// PostgreSQL keeps no NUL in text; the log may hold one, and a view must be able to show everything in the log.
pub(crate) fn storable(words: &str) -> String {
    if words.contains('\0') { words.replace('\0', "") } else { words.to_owned() }
}

/// For searching without case: made here and not in SQL, where lower case depends on the engine and its locale.
pub(crate) fn folded(words: &str) -> String {
    words.to_lowercase()
}

/// What to look for; a search for nothing looks for everything.
pub(crate) fn searched(words: Option<&str>) -> Option<String> {
    words.map(|words| folded(words.trim())).map(|words| storable(&words)).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_their_nuls_and_nothing_else() {
        assert_eq!(storable("a\0b\n"), "ab\n");
    }

    #[test]
    fn case_is_folded_beyond_ascii() {
        assert_eq!(folded("ÉCOLE Rara"), "école rara");
    }
}
