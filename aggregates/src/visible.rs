//! What of a text can be seen, and what would turn the text around it.
//!
//! Words that show nothing are blank, whatever they are made of; a name stands in a line with others, so it holds nothing
//! that breaks the line or writes the rest of it backwards.

/// Nothing of it is seen: spaces, controls and characters that have no width.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_unseen)
}

/// It can stand in a line: no controls, no line breaks, nothing that changes the direction of what is around it. Marks that
/// names in some scripts are written with, and what joins an emoji, are none of these.
pub fn is_one_line(text: &str) -> bool {
    !text.chars().any(|character| {
        character.is_control()
            || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    })
}

fn is_unseen(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            // Soft hyphen, joiners, marks and overrides of direction, invisible operators, byte order mark.
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            // Letters that are drawn as nothing.
            | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
            // What chooses the form of the character before it, and tags.
            | '\u{180B}'..='\u{180F}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_nothing_is_blank_and_whatever_shows_something_is_not() {
        for unseen in
            ['\u{200B}', '\u{200F}', '\u{2060}', '\u{2064}', '\u{FEFF}', '\u{202E}', '\u{3164}', '\u{AD}', '\u{1}']
        {
            assert!(is_blank(&format!(" {unseen}\n{unseen}")), "{unseen:?}");
            assert!(!is_blank(&format!("{unseen}a")), "{unseen:?}");
        }
        assert!(is_blank(""));
        for seen in [".", "👩\u{200D}🚀", "❤\u{FE0F}", "می\u{200C}خواهم", "0"] {
            assert!(!is_blank(seen), "{seen}");
        }
    }

    #[test]
    fn a_name_stands_in_one_line_and_is_read_in_its_own_direction() {
        for broken in ["a\nb", "a\tb", "\u{1B}[31m", "a\u{202E}b", "a\u{2066}b", "a\u{2028}b", "a\u{85}b"] {
            assert!(!is_one_line(broken), "{broken:?}");
        }
        for fine in ["Kelas Puisi", "👩\u{200D}🚀", "می\u{200C}خواهم", "שלום\u{200F}", ""] {
            assert!(is_one_line(fine), "{fine:?}");
        }
    }
}
