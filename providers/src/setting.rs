//! What is wrong with a setting.

/// One setting that cannot be used. Never shows its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct InvalidSetting {
    /// Its name in its own section, `api_key`; of several sections with theirs in front, `push.onesignal.api_key`.
    pub field: String,
    pub reason: String,
}

impl InvalidSetting {
    pub(crate) fn new(field: &str, reason: impl Into<String>) -> Self {
        Self { field: field.to_owned(), reason: reason.into() }
    }

    pub(crate) fn within(self, section: &str) -> Self {
        Self { field: format!("{section}.{}", self.field), ..self }
    }

    /// A complaint where `text` is empty or could not stand in a header.
    pub(crate) fn unless_a_word(field: &str, text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::new(field, "is required"));
        }
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (!visible).then(|| Self::new(field, "must be of visible ASCII characters, without spaces"))
    }
}
