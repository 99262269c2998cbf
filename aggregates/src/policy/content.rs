//! What a notification says when whoever sent it said it themselves, instead of a template.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::Sealed;

/// One text of JSON under the key of its recipient, so that one erasure takes all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    pub title: String,
    pub message: String,
    /// Where it leads, a path of the platform or an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// For the front end, as it was given.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

impl Content {
    /// Not sealed yet.
    pub fn to_sealed(&self) -> Result<Sealed, serde_json::Error> {
        serde_json::to_string(self).map(Sealed::new)
    }

    /// Reads what [`Content::to_sealed`] wrote. `None` for what cannot be read, and for what another program wrote there.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_comes_back_and_what_was_not_takes_no_room() {
        let short = Content { title: "Halo".into(), message: "Apa kabar?".into(), ..Content::default() };
        let sealed = short.to_sealed().expect("it is written");
        assert_eq!(sealed.reveal(), r#"{"title":"Halo","message":"Apa kabar?"}"#);
        let metadata = [("a".to_owned(), Value::from(1))].into_iter().collect();
        let long = Content { link: Some("/x".into()), image: Some("https://a.id/b".into()), metadata, ..short.clone() };
        for content in [short, long] {
            assert_eq!(Content::parse(content.to_sealed().expect("it is written").reveal()), Some(content));
        }
        assert_eq!(Content::parse(""), None, "erased");
    }
}
