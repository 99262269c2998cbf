//! Reads fields of a body that somebody else wrote, and says which one is wrong.

use aws_lc_rs::digest;
use jiff::Timestamp;
use serde_json::Value;

/// Letters of a field that are kept; nothing of ours is longer than an address or a message.
const LETTERS_MAX: usize = 8_000;

/// A body that cannot be understood. Never shows what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidBody {
    /// With its path, `entry.0.changes`; `body` for the whole.
    pub field: String,
    pub reason: &'static str,
}

impl InvalidBody {
    pub fn new(field: impl Into<String>, reason: &'static str) -> Self {
        Self { field: field.into(), reason }
    }
}

/// One JSON object and the path to it.
#[derive(Clone)]
pub struct Fields<'a> {
    pub value: &'a Value,
    pub path: String,
}

pub fn json(body: &[u8]) -> Result<Value, InvalidBody> {
    let value: Value = serde_json::from_slice(body).map_err(|_| InvalidBody::new("body", "is no JSON"))?;
    if value.is_object() { Ok(value) } else { Err(InvalidBody::new("body", "is no JSON object")) }
}

impl<'a> Fields<'a> {
    pub fn of(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    pub fn path_to(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    pub fn wrong(&self, name: &str, reason: &'static str) -> InvalidBody {
        InvalidBody::new(self.path_to(name), reason)
    }

    /// A field that is there and not null.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    /// A text; a number is one too, since senders are not of one mind about ids. Empty is absent.
    pub fn text(&self, name: &str) -> Result<Option<String>, InvalidBody> {
        let text = match self.get(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(self.wrong(name, "is no text")),
        };
        if text.chars().count() > LETTERS_MAX {
            return Err(self.wrong(name, "is too long"));
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }

    pub fn required(&self, name: &str) -> Result<String, InvalidBody> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// An object within; none where it is absent.
    pub fn object(&self, name: &str) -> Result<Option<Fields<'a>>, InvalidBody> {
        match self.get(name) {
            None => Ok(None),
            Some(value) if value.is_object() => Ok(Some(Fields { value, path: self.path_to(name) })),
            Some(_) => Err(self.wrong(name, "is no object")),
        }
    }

    /// The objects of a list; none where it is absent.
    pub fn list(&self, name: &str) -> Result<Vec<Fields<'a>>, InvalidBody> {
        let items = match self.get(name) {
            None => return Ok(vec![]),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(self.wrong(name, "is no list")),
        };
        let object = |(at, value): (usize, &'a Value)| {
            let path = format!("{}.{at}", self.path_to(name));
            if value.is_object() { Ok(Fields { value, path }) } else { Err(InvalidBody::new(path, "is no object")) }
        };
        items.iter().enumerate().map(object).collect()
    }

    /// RFC 3339, or seconds or milliseconds since 1970 as a number or as a text.
    pub fn moment(&self, name: &str) -> Result<Option<Timestamp>, InvalidBody> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let moment = match text.parse::<f64>() {
            // From 2001 on in milliseconds it is more than any second until the year 33658.
            Ok(number) if number.is_finite() && number.abs() >= 1e12 => Timestamp::from_millisecond(number as i64).ok(),
            Ok(number) if number.is_finite() => Timestamp::from_millisecond((number * 1_000.0) as i64).ok(),
            Ok(_) => None,
            Err(_) => text.parse().ok(),
        };
        moment.map(Some).ok_or_else(|| self.wrong(name, "is no moment"))
    }
}

/// The same for the same parts, and tells nothing of them.
pub fn dedupe_key(parts: &[&str]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        // With its length, so that "a", "bc" is not "ab", "c".
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part.as_bytes());
    }
    hex::encode(context.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moment_is_understood_in_every_form() {
        let value =
            json!({ "a": 1_795_000_000, "b": "1795000000", "c": 1_795_000_000_000_i64, "d": "2026-11-18T11:06:40Z" });
        let fields = Fields::of(&value);
        for name in ["a", "b", "c", "d"] {
            assert_eq!(fields.moment(name).unwrap().unwrap().as_second(), 1_795_000_000, "{name}");
        }
        assert_eq!(fields.moment("e"), Ok(None));
        for wrong in [json!("soon"), json!("NaN"), json!(1e300), json!([])] {
            let value = json!({ "a": wrong });
            assert_eq!(Fields::of(&value).moment("a").expect_err("wrong").field, "a");
        }
    }

    #[test]
    fn parts_are_told_apart() {
        assert_eq!(dedupe_key(&["a", "b"]), dedupe_key(&["a", "b"]));
        assert_ne!(dedupe_key(&["a", "bc"]), dedupe_key(&["ab", "c"]));
    }
}
