//! One frame of the protocol.

use serde::Deserialize;
use serde_json::Value;

/// `data` of what a server sends is a string that holds JSON, by the book; a plain object is understood as well.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Frame {
    pub event: String,
    #[serde(default)]
    pub channel: Option<String>,
    #[serde(default)]
    data: Value,
}

impl Frame {
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let mut frame: Self = serde_json::from_str(text)?;
        if let Value::String(inner) = &frame.data
            && let Ok(parsed) = serde_json::from_str(inner)
        {
            frame.data = parsed;
        }
        Ok(frame)
    }

    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Why the server says no, in the words it has for it.
    pub fn reason(&self) -> String {
        ["error", "message", "type"]
            .iter()
            .find_map(|field| self.data.get(field)?.as_str())
            .map_or_else(|| self.data.to_string(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_is_read_whether_it_is_a_string_or_an_object() {
        for text in
            [r#"{"event":"a","channel":"c","data":"{\"n\":1}"}"#, r#"{"event":"a","channel":"c","data":{"n":1}}"#]
        {
            assert_eq!(Frame::parse(text).expect("a frame").data(), &json!({"n": 1}));
        }
        assert_eq!(Frame::parse(r#"{"event":"a","data":"hi"}"#).expect("a frame").data(), "hi");
        assert!(Frame::parse("[]").is_err());
    }
}
