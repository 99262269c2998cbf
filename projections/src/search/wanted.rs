//! What somebody searches for: words that must all be there, the last one perhaps not finished, and phrases.
//!
//! Says what the index is asked, and looks into a text as it is now; the two agree, so that what the index found and is
//! found in the text is right, and what was said otherwise since is not shown. Never in here: SQL.

use std::ops::Range;

use super::words::{self, Word, forms, words};

/// Words of one search, those in phrases too.
pub const SEARCHED_WORDS_MAX: usize = 10;
/// Characters of one search.
pub const SEARCHED_CHARS_MAX: usize = 200;
/// The last word counts as the beginning of one when it is at least so long.
const PREFIX_CHARS_MIN: usize = 3;

/// Why nothing can be searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSearchable {
    #[error("must have a word or a number in it")]
    NoWord,
    #[error("at most {SEARCHED_CHARS_MAX} characters")]
    TooLong,
    #[error("at most {SEARCHED_WORDS_MAX} words")]
    TooManyWords,
}

/// What a message must have in it to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    terms: Vec<Term>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// In any of these forms.
    Word(Vec<String>),
    /// The same, or a word that begins like this.
    Beginning { forms: Vec<String>, beginning: String },
    /// These words one behind the other, as they stand.
    Phrase(Vec<String>),
}

/// One token that the index is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sought {
    pub form: String,
    /// Also those that begin with it.
    pub is_beginning: bool,
}

impl Sought {
    fn whole(form: &str) -> Self {
        Self { form: form.to_owned(), is_beginning: false }
    }
}

impl Wanted {
    /// Words between quotation marks are a phrase; one that is not closed is none.
    pub fn parse(text: &str) -> Result<Self, NotSearchable> {
        if text.chars().count() > SEARCHED_CHARS_MAX {
            return Err(NotSearchable::TooLong);
        }
        let mut terms = Vec::new();
        let parts: Vec<&str> = text.split(['"', '“', '”', '„']).collect();
        let mut count = 0;
        for (nth, part) in parts.iter().enumerate() {
            let found: Vec<String> = words(part).into_iter().map(|word| word.folded).collect();
            count += found.len();
            let is_last = nth + 1 == parts.len();
            if nth % 2 == 1 && !is_last {
                terms.extend((!found.is_empty()).then_some(Term::Phrase(found)));
            } else {
                let last = found.len();
                let term = |(n, word): (usize, String)| Term::of(word, is_last && n + 1 == last);
                terms.extend(found.into_iter().enumerate().map(term));
            }
        }
        match count {
            0 => Err(NotSearchable::NoWord),
            1..=SEARCHED_WORDS_MAX => Ok(Self { terms }),
            _ => Err(NotSearchable::TooManyWords),
        }
    }

    /// For each of these at least one must be there.
    pub(crate) fn sought(&self) -> Vec<Vec<Sought>> {
        let mut all = Vec::new();
        for term in &self.terms {
            match term {
                Term::Word(forms) => all.push(forms.iter().map(|form| Sought::whole(form)).collect()),
                Term::Beginning { forms, beginning } => {
                    // A form that begins so is found with the beginning.
                    let others =
                        forms.iter().filter(|form| !form.starts_with(beginning)).map(|form| Sought::whole(form));
                    let beginning = Sought { form: beginning.clone(), is_beginning: true };
                    all.push(others.chain([beginning]).collect());
                }
                // Whether they stand together is seen in the text.
                Term::Phrase(words) => all.extend(words.iter().map(|word| vec![Sought::whole(word)])),
            }
        }
        all
    }

    /// Where in the text it is, in bytes, ascending and without overlaps; `None` when not all of it is there.
    pub fn found_in(&self, text: &str) -> Option<Vec<Range<usize>>> {
        let said: Vec<(Word, Vec<String>)> = words(text)
            .into_iter()
            .map(|word| {
                let forms = forms(&word.folded);
                (word, forms)
            })
            .collect();
        let mut places = Vec::new();
        for term in &self.terms {
            let found = term.places(&said);
            if found.is_empty() {
                return None;
            }
            places.extend(found);
        }
        places.sort_unstable_by_key(|place| (place.start, place.end));
        places.dedup_by(|later, earlier| {
            let meets = later.start < earlier.end;
            if meets {
                earlier.end = earlier.end.max(later.end);
            }
            meets
        });
        Some(places)
    }

    /// The same of a text of which only the words are kept; it does not know about phrases.
    #[cfg(test)]
    pub(super) fn may_be_in(&self, kept: &str) -> bool {
        let have: std::collections::BTreeSet<String> = kept.split(' ').flat_map(forms).collect();
        let is_there = |sought: &Sought| {
            have.iter().any(|form| form == &sought.form || sought.is_beginning && form.starts_with(&sought.form))
        };
        self.sought().iter().all(|any| any.iter().any(is_there))
    }
}

impl Term {
    fn of(word: String, is_last: bool) -> Self {
        let forms = words::forms(&word);
        if is_last && word.chars().count() >= PREFIX_CHARS_MIN {
            Self::Beginning { forms, beginning: word }
        } else {
            Self::Word(forms)
        }
    }

    fn places(&self, said: &[(Word, Vec<String>)]) -> Vec<Range<usize>> {
        let those = |is_it: &dyn Fn(&[String]) -> bool| {
            said.iter().filter(|(_, forms)| is_it(forms)).map(|(word, _)| word.place.clone()).collect()
        };
        match self {
            Self::Word(wanted) => those(&|forms| forms.iter().any(|form| wanted.contains(form))),
            Self::Beginning { forms: wanted, beginning } => {
                those(&|forms| forms.iter().any(|form| wanted.contains(form) || form.starts_with(beginning)))
            }
            Self::Phrase(wanted) => said
                .windows(wanted.len())
                .filter(|window| window.iter().zip(wanted).all(|((word, _), wanted)| word.folded == *wanted))
                .filter_map(|window| Some(window.first()?.0.place.start..window.last()?.0.place.end))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(wanted: &str, text: &str) -> Option<Vec<String>> {
        let places = Wanted::parse(wanted).expect("searchable").found_in(text)?;
        Some(places.into_iter().map(|place| text[place].to_owned()).collect())
    }

    #[test]
    fn all_words_must_be_there_in_any_of_their_forms() {
        assert_eq!(found("belajar rust ", "Pelajaran RUST hari ini"), Some(vec!["Pelajaran".into(), "RUST".into()]));
        assert_eq!(found("belajar rust", "Pelajaran hari ini"), None);
        assert_eq!(found("makan siang", "makanan untuk siang"), Some(vec!["makanan".into(), "siang".into()]));
        assert_eq!(found("courses", "this course is good"), Some(vec!["course".into()]));
    }

    #[test]
    fn the_last_word_may_be_a_beginning_and_no_other() {
        assert_eq!(found("hari pemba", "pembayaran hari ini"), Some(vec!["pembayaran".into(), "hari".into()]));
        assert_eq!(found("pemba hari", "pembayaran hari ini"), None);
        assert_eq!(found("pe", "pembayaran"), None, "two letters begin too many words");
    }

    #[test]
    fn a_phrase_stands_as_it_is() {
        assert_eq!(found("\"kelas baru\"", "Kelas  BARU dibuka"), Some(vec!["Kelas  BARU".into()]));
        assert_eq!(found("\"kelas baru\"", "baru kelas"), None);
        assert_eq!(found("\"kelas\"", "kelasku"), None);
        assert_eq!(found("“kelas baru” dibuka", "dibuka kelas baru").map(|found| found.len()), Some(2));
        assert_eq!(found("\"kelas baru", "baru, kelas"), Some(vec!["baru".into(), "kelas".into()]), "not closed");
    }

    #[test]
    fn places_that_meet_are_one() {
        assert_eq!(found("\"satu dua\" dua satu", "satu dua"), Some(vec!["satu dua".into()]));
    }

    #[test]
    fn promise_8_a_search_has_its_limits() {
        assert_eq!(Wanted::parse("  !? \"\" 👍"), Err(NotSearchable::NoWord));
        assert_eq!(Wanted::parse(&"a".repeat(SEARCHED_CHARS_MAX + 1)), Err(NotSearchable::TooLong));
        assert!(Wanted::parse(&"é".repeat(SEARCHED_CHARS_MAX)).is_ok());
        let words = |count: usize| vec!["x"; count].join(" ");
        assert!(Wanted::parse(&words(SEARCHED_WORDS_MAX)).is_ok());
        assert_eq!(Wanted::parse(&words(SEARCHED_WORDS_MAX + 1)), Err(NotSearchable::TooManyWords));
        assert_eq!(Wanted::parse(&format!("\"{}\"", words(SEARCHED_WORDS_MAX + 1))), Err(NotSearchable::TooManyWords));
    }

    proptest! {
        /// What is in a text, the index must have offered.
        #[test]
        fn nothing_is_in_a_text_that_its_tokens_do_not_have(
            wanted in "[a-dÀ-ö '\".-]{1,12}|(makan|ajar|run)(an|s|ning)? ?(ber|pe)?ajar",
            text in "[a-dÀ-ö '\".-]{0,40}|((pel|bel)ajar(an)?|makanan|runs|[a-z]{1,9}| |\\.){0,8}",
        ) {
            if let Ok(wanted) = Wanted::parse(&wanted) {
                let is_found = wanted.found_in(&text).is_some();
                let may_be = wanted.may_be_in(&words::kept(&text));
                prop_assert!(may_be || !is_found);
                if !wanted.terms.iter().any(|term| matches!(term, Term::Phrase(_))) {
                    prop_assert_eq!(may_be, is_found);
                }
            }
        }
    }
}
