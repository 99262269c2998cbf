//! Words as a search sees them: cut out of a text, folded, and stemmed.
//!
//! Made here and not by an engine, so that both give the same answers, and so that what is found can be shown in the
//! words as they are now. What comes out of here lies in tables: whoever changes any of it (a newer stemmer as well)
//! makes another form of them, see [`crate::Format`]. Never in here: where words are kept.

use std::collections::BTreeSet;
use std::ops::Range;

use aggregates::ids::{RoomId, UserId};
use frostem::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;
use uuid::Uuid;

/// Of a longer word only the beginning counts.
const WORD_CHARS_MAX: usize = 64;
/// Shorter words have no stem.
const STEMMED_CHARS_MIN: usize = 4;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it is in the text, in bytes.
    pub place: Range<usize>,
    /// Lower case, without accents.
    pub folded: String,
}

/// The words of a text, in its order. Parts of what belongs together (`anak-anak`, `kelas.pdf`, `3.14`) are words of
/// their own; an apostrophe is no gap.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for (start, whole) in text.unicode_word_indices() {
        let mut word = Word { place: start..start, folded: String::new() };
        for (offset, character) in whole.char_indices() {
            let (from, to) = (start + offset, start + offset + character.len_utf8());
            if word.folded.is_empty() {
                word.place = from..from;
            }
            let is_gap = fold(character, &mut word.folded);
            word.place.end = if is_gap { word.place.end } else { to };
            if is_gap {
                take(&mut word, &mut found);
            }
        }
        take(&mut word, &mut found);
    }
    found
}

fn take(word: &mut Word, found: &mut Vec<Word>) {
    if word.folded.is_empty() {
        return;
    }
    if let Some((end, _)) = word.folded.char_indices().nth(WORD_CHARS_MAX) {
        word.folded.truncate(end);
    }
    found.push(Word { place: word.place.clone(), folded: std::mem::take(&mut word.folded) });
}

/// Adds what a character is for a search. `true`: nothing, and words end here.
fn fold(character: char, folded: &mut String) -> bool {
    let mut is_gap = false;
    for part in std::iter::once(character).nfkd() {
        if is_accent(part) || is_apostrophe(part) {
            continue;
        }
        if part.is_alphanumeric() || is_combining_mark(part) {
            folded.extend(part.to_lowercase().map(|letter| if letter == 'ς' { 'σ' } else { letter }));
        } else {
            is_gap = true;
        }
    }
    is_gap
}

/// What stands above and below letters of Latin, Greek and Cyrillic. The marks of other scripts are part of their words.
fn is_accent(part: char) -> bool {
    matches!(part, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

fn is_apostrophe(part: char) -> bool {
    matches!(part, '\'' | '\u{2019}' | '\u{2bc}' | '\u{ff07}')
}

/// A folded word and its stems, each once, the word first.
pub(super) fn forms(word: &str) -> Vec<String> {
    let mut forms = vec![word.to_owned()];
    if word.len() < STEMMED_CHARS_MIN || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return forms;
    }
    for language in [Algorithm::Indonesian, Algorithm::English] {
        let stem = Stemmer::new(language).stem(word).into_owned();
        if !stem.is_empty() && !forms.contains(&stem) {
            forms.push(stem);
        }
    }
    forms
}

/// The words of a text as they are kept: each once, sorted, a space between them.
pub(super) fn kept(text: &str) -> String {
    let words: BTreeSet<String> = words(text).into_iter().map(|word| word.folded).collect();
    words.into_iter().collect::<Vec<_>>().join(" ")
}

/// Whose words lie where: what an index by token is asked with.
///
/// A word is a token of its room, so that a question costs what the rooms of whoever asks have, however much is said
/// elsewhere. Rooms and people are shortened: where two meet, the row says which it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub room_id: RoomId,
    pub sender_id: &'a UserId,
    /// Whose words they are.
    pub owner_id: &'a UserId,
}

/// Every token of a message whose words are `kept`; none of one without words.
pub(crate) fn tokens(place: Place<'_>, kept: &str) -> BTreeSet<String> {
    if kept.is_empty() {
        return BTreeSet::new();
    }
    let room = room_key(place.room_id);
    let words = kept.split(' ').flat_map(forms);
    let mut tokens: BTreeSet<String> = words.map(|form| in_room(&room, &form)).collect();
    tokens.insert(of_sender(place.sender_id));
    tokens.insert(of_owner(place.owner_id));
    tokens
}

/// Words have neither colons nor spaces in them, so no token is taken for another.
pub(crate) fn in_room(room_key: &str, form: &str) -> String {
    format!("{room_key}:{form}")
}

/// The end of the id, which is its random part, or part of a hash.
pub(crate) fn room_key(room: RoomId) -> String {
    hexadecimal(&room.0.as_bytes()[11..])
}

pub(crate) fn of_sender(user: &UserId) -> String {
    format!(":f{}", user_key(user))
}

pub(crate) fn of_owner(user: &UserId) -> String {
    format!(":o{}", user_key(user))
}

fn user_key(user: &UserId) -> String {
    hexadecimal(&Uuid::new_v5(&Uuid::NAMESPACE_OID, user.as_str().as_bytes()).as_bytes()[..8])
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn a_text_is_cut_into_words_without_case_and_accents() {
        for (text, expected) in [
            ("Halo, apa KABAR?", &["halo", "apa", "kabar"][..]),
            ("anak-anak di kelas.pdf", &["anak", "anak", "di", "kelas", "pdf"]),
            ("don’t can't", &["dont", "cant"]),
            ("Éclair à Ångström", &["eclair", "a", "angstrom"]),
            ("nama_saya v1.2", &["nama", "saya", "v1", "2"]),
            ("ＫＡＢＡＲ ﬁne", &["kabar", "fine"]),
            ("こんにちは 新聞", &["こ", "ん", "に", "ち", "は", "新", "聞"]),
            ("ΛΌΓΟΣ λόγος", &["λογοσ", "λογοσ"]),
            ("हिन्दी", &["हिन्दी"]),
            ("👍 !!! \u{0} --", &[]),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_knows_where_it_is() {
        let text = "«Été» kelas.pdf";
        let cut: Vec<&str> = words(text).into_iter().map(|word| &text[word.place]).collect();
        assert_eq!(cut, ["Été", "kelas", "pdf"]);
    }

    #[test]
    fn promise_8_of_a_long_word_only_the_beginning_counts() {
        let long = "é".repeat(1_000);
        assert_eq!(folded(&long), ["e".repeat(WORD_CHARS_MAX)]);
    }

    /// These lie in tables. When this fails because the stemmer was changed, [`crate::Format`] must grow.
    #[test]
    fn stems_are_what_the_tables_were_made_with() {
        for (word, expected) in [
            ("makanan", &["makanan", "makan"][..]),
            ("belajar", &["belajar", "ajar"]),
            ("pembelajaran", &["pembelajaran", "ajar"]),
            ("running", &["running", "run"]),
            ("courses", &["courses", "cours"]),
            ("ya", &["ya"]),
            ("kelas2", &["kelas2"]),
        ] {
            assert_eq!(forms(word), expected, "{word}");
        }
    }

    #[test]
    fn what_is_kept_has_every_word_once() {
        assert_eq!(kept("Satu dua SATU, tiga"), "dua satu tiga");
        assert_eq!(kept(""), "");
    }
}
