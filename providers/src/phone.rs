//! Phone numbers as WhatsApp services want them: digits only, with the country's first.

use std::fmt;

/// Digits that a number may have, with its country's (ITU-T E.164: at most 15).
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// The number of a phone, like `6281234567890`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// What somebody gave as their number is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPhone {
    #[error("a phone number has digits, spaces, dashes, dots, brackets and a plus in front only")]
    Character,
    #[error("a phone number has from 8 to 15 digits")]
    Length,
}

impl PhoneNumber {
    /// Reads a number as people write it: `0812-3456-7890`, `812 3456 7890`, `+62 812 3456 7890`, `6281234567890`.
    ///
    /// `0..` becomes `62..` and `8..` becomes `628..` (providers.md, Starsender). A number behind `+` or `00` has its
    /// country's digits already, whichever they are.
    pub fn parse(text: &str) -> Result<Self, InvalidPhone> {
        let text = text.trim();
        let (abroad, text) = match text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut digits = String::new();
        for letter in text.chars() {
            match letter {
                '0'..='9' => digits.push(letter),
                ' ' | '\u{a0}' | '-' | '.' | '(' | ')' => {}
                _ => return Err(InvalidPhone::Character),
            }
        }
        let mut number = match digits.as_bytes().first() {
            Some(b'0') if !abroad => format!("62{}", &digits[1..]),
            Some(b'8') if !abroad => format!("62{digits}"),
            _ => digits,
        };
        // `+62 (0)812`: within the country one dials the 0, from abroad one does not.
        if let Some(rest) = number.strip_prefix("620") {
            number = format!("62{rest}");
        }
        if DIGITS.contains(&number.len()) { Ok(Self(number)) } else { Err(InvalidPhone::Length) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The number itself is nobody's business.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_however_it_is_written() {
        for (written, number) in [
            ("081234567890", "6281234567890"),
            ("81234567890", "6281234567890"),
            ("6281234567890", "6281234567890"),
            ("+6281234567890", "6281234567890"),
            ("006281234567890", "6281234567890"),
            (" +62 812-3456-7890 ", "6281234567890"),
            ("+62 (0)812 3456 7890", "6281234567890"),
            ("(0812) 3456.7890", "6281234567890"),
            ("0812\u{a0}3456\u{a0}7890", "6281234567890"),
            ("021 555 1234", "62215551234"),
            // Abroad: +81 is Japan and no Indonesian 81..
            ("+81 90 1234 5678", "819012345678"),
            ("+1 (415) 555-0100", "14155550100"),
        ] {
            assert_eq!(PhoneNumber::parse(written).map(|number| number.0).as_deref(), Ok(number), "{written}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        use InvalidPhone::{Character, Length};
        for (written, reason) in [
            ("", Length),
            ("+", Length),
            ("0", Length),
            ("0812", Length),
            ("+6281234567890123", Length),
            ("0812x", Character),
            ("08123456789 ext 4", Character),
            ("62+81234567890", Character),
            ("٠٨١٢٣٤٥٦٧٨٩", Character),
            ("a@b.id", Character),
        ] {
            assert_eq!(PhoneNumber::parse(written), Err(reason), "{written}");
        }
    }

    #[test]
    fn a_number_is_not_shown() {
        assert!(!format!("{:?}", PhoneNumber::parse("081234567890")).contains("812"));
    }
}
