//! What a simulated provider is told to do with one request.

#[derive(Debug, Clone)]
pub enum Told {
    /// Takes it and says so.
    Succeed,
    /// Takes nothing and says why, in the provider's own form. For WhatsApp Cloud the text begins with Meta's code.
    Say { status: u16, text: String },
    /// Takes nothing and answers exactly this.
    Answer(Reply),
    /// Takes nothing and never answers.
    Hang,
    /// Takes nothing and resets the connection.
    Reset,
    /// Takes it and closes the connection without a word.
    TakeThenDrop,
    /// Takes it and never answers.
    TakeThenHang,
    /// Takes it; the connection ends in the middle of the answer.
    CutOff,
    /// Takes it; the answer never ends.
    Endless,
}

impl Told {
    pub fn say(status: u16, text: &str) -> Self {
        Self::Say { status, text: text.to_owned() }
    }

    pub fn too_many(retry_after: &str) -> Self {
        Self::Answer(Reply::json(429, r#"{"errors":["API rate limit exceeded"]}"#).with("retry-after", retry_after))
    }

    /// What a gateway in front of a service that is down says.
    pub fn status(status: u16) -> Self {
        Self::Answer(Reply::html(status, "<html><body>nginx</body></html>"))
    }

    /// What answers at another address than the service's.
    pub fn page() -> Self {
        Self::Answer(Reply::html(200, "<!DOCTYPE html><html><title>Welcome</title></html>"))
    }

    pub fn redirect(to: &str) -> Self {
        Self::Answer(Reply::json(301, "").with("location", to))
    }

    pub fn answers(status: u16, body: &str) -> Self {
        Self::Answer(Reply::json(status, body))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Reply {
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: vec![("content-type", "application/json".to_owned())], body: body.into() }
    }

    pub fn html(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type", "text/html; charset=utf-8".to_owned())], body: body.to_owned() }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}
