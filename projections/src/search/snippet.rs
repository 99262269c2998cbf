//! The part of a text that shows why it was found.

use std::ops::Range;

/// Characters of a snippet, about: words are not cut, but where one is longer than that.
const SNIPPET_CHARS_MAX: usize = 160;
/// Of them, those before the first place, at most.
const BEFORE_CHARS_MAX: usize = 40;
/// Stands where the text goes on.
const MORE: char = '…';

/// Some of a text, and what was found in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    pub text: String,
    /// In UTF-16 code units of `text`, as the strings of a browser count; ascending.
    pub highlights: Vec<Range<usize>>,
}

impl Snippet {
    /// `places` are bytes of `text`, ascending and without overlaps.
    pub fn of(text: &str, places: &[Range<usize>]) -> Self {
        let first = places.first().map_or(0, |place| place.start);
        let from = begin(text, first);
        let to = end(text, from, places.first().map_or(0, |place| place.end));
        let mut shown = String::new();
        if from > 0 {
            shown.push(MORE);
        }
        let lead = shown.encode_utf16().count();
        let units = |until: usize| lead + text[from..until].encode_utf16().count();
        let inside = places.iter().filter(|place| place.start >= from && place.end <= to);
        let highlights = inside.map(|place| units(place.start)..units(place.end)).collect();
        shown.push_str(&text[from..to]);
        if to < text.len() {
            shown.push(MORE);
        }
        Self { text: shown, highlights }
    }
}

/// At the beginning of a word, so far before the first place as is shown.
fn begin(text: &str, first: usize) -> usize {
    let before: Vec<(usize, char)> = text[..first].char_indices().rev().take(BEFORE_CHARS_MAX + 1).collect();
    if before.len() <= BEFORE_CHARS_MAX {
        return 0;
    }
    // The last blank met on the way back that is not past the limit begins a word behind it.
    let blank = before[..BEFORE_CHARS_MAX].iter().rev().find(|(_, character)| character.is_whitespace());
    blank.map_or(first, |(at, blank)| at + blank.len_utf8())
}

/// At the end of a word, and never within the first place.
fn end(text: &str, from: usize, found: usize) -> usize {
    let mut blank = None;
    for (count, (at, character)) in text[from..].char_indices().enumerate() {
        let at = from + at;
        if count >= SNIPPET_CHARS_MAX && at >= found {
            return blank.filter(|blank| *blank >= found).unwrap_or(at);
        }
        if character.is_whitespace() {
            blank = Some(at);
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn highlighted(snippet: &Snippet) -> Vec<String> {
        let units: Vec<u16> = snippet.text.encode_utf16().collect();
        let cut = |place: &Range<usize>| String::from_utf16(&units[place.clone()]).expect("between characters");
        snippet.highlights.iter().map(cut).collect()
    }

    #[test]
    fn a_short_text_is_shown_whole() {
        let snippet = Snippet::of("halo 👍 dunia", &[0..4, 10..15]);
        assert_eq!(
            (snippet.text.as_str(), highlighted(&snippet)),
            ("halo 👍 dunia", vec!["halo".into(), "dunia".into()])
        );
        assert_eq!(snippet.highlights, [0..4, 8..13], "counted as a browser does");
    }

    #[test]
    fn a_long_text_is_cut_between_words_around_what_was_found() {
        let text = format!("{}target {}", "kata ".repeat(50), "lain ".repeat(80));
        let snippet = Snippet::of(&text, &[250..256, 600..604]);
        assert!(snippet.text.starts_with("…kata ") && snippet.text.ends_with(" lain…"), "{snippet:?}");
        assert!(snippet.text.chars().count() <= SNIPPET_CHARS_MAX + 2, "{snippet:?}");
        assert_eq!(highlighted(&snippet), ["target"], "what is outside is not told");
    }

    proptest! {
        #[test]
        fn any_text_has_a_snippet_with_what_was_found_first(
            before in "[a-zé👍 ]{0,300}", found in "[a-zé]{1,200}", after in "[a-zé👍 ]{0,300}",
        ) {
            let text = format!("{before}{found}{after}");
            let place = before.len()..before.len() + found.len();
            let snippet = Snippet::of(&text, std::slice::from_ref(&place));
            prop_assert_eq!(highlighted(&snippet), [found.clone()]);
            prop_assert!(snippet.text.chars().count() <= SNIPPET_CHARS_MAX.max(BEFORE_CHARS_MAX + found.chars().count()) + 2);
        }
    }
}
