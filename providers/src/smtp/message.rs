//! The e-mail itself: plain and page, and the headers that mail programs act on.

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use crate::outgoing::Outgoing;
use crate::page;

/// Our id for it, so that a bounce or a repeat can be recognised.
pub fn message_id(outgoing: &Outgoing, domain: &str) -> String {
    format!("<{}@{domain}>", outgoing.delivery_id)
}

pub fn message(outgoing: &Outgoing, from: &Mailbox, to: &Mailbox) -> Result<Message, lettre::error::Error> {
    let mut builder = Message::builder()
        .from(from.clone())
        .to(to.clone())
        .subject(page::one_line(&outgoing.title))
        .message_id(Some(message_id(outgoing, from.email.domain())))
        // RFC 3834: no answering machine is to answer.
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()));
    if let Some(url) = &outgoing.unsubscribe {
        builder = builder.raw_header(raw("List-Unsubscribe", format!("<{url}>")));
        // RFC 8058 §3.1: only an https address may be asked with one click.
        if url.scheme() == "https" {
            builder = builder.raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        }
    }
    builder.multipart(MultiPart::alternative_plain_html(page::plain(outgoing), page::html(outgoing)))
}

/// A value of visible ASCII: a URL is, and must not be folded.
fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use uuid::Uuid;

    fn written(outgoing: &Outgoing) -> String {
        let from = "Kabar <kabar@example.id>".parse().unwrap();
        let to = "Rara Ayu <rara@example.id>".parse().unwrap();
        String::from_utf8(message(outgoing, &from, &to).unwrap().formatted()).expect("ASCII")
    }

    #[test]
    fn one_click_ends_these_emails_where_it_may() {
        let mut outgoing = Outgoing::new(Uuid::nil(), Address::Users(vec![]), "Pesan Baru", "Halo");
        assert!(!written(&outgoing).contains("List-Unsubscribe"));
        let long = format!("https://app.example.id/unsubscribe/{}?sig=a%20b", "x".repeat(200));
        outgoing.unsubscribe = Some(long.parse().unwrap());
        let text = written(&outgoing);
        assert!(text.contains(&format!("\r\nList-Unsubscribe: <{long}>\r\n")), "{text}");
        assert!(text.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{text}");
        outgoing.unsubscribe = Some("http://localhost/u".parse().unwrap());
        assert!(!written(&outgoing).contains("List-Unsubscribe-Post"));
    }

    #[test]
    fn a_title_cannot_add_headers_and_other_scripts_arrive() {
        let mut outgoing = Outgoing::new(Uuid::nil(), Address::Users(vec![]), "Halo\r\nBcc: x@y.z", "isi");
        let text = written(&outgoing);
        assert!(text.contains("\r\nSubject: Halo  Bcc: x@y.z\r\n"), "{text}");
        assert!(!text.contains("\r\nBcc:"), "{text}");
        assert!(text.contains("\r\nMessage-ID: <00000000-0000-0000-0000-000000000000@example.id>\r\n"), "{text}");
        outgoing.title = "Привет 🎉".into();
        outgoing.message = "кабар".into();
        let text = written(&outgoing);
        assert!(text.is_ascii() && text.contains("Subject: =?utf-8?b?"), "{text}");
    }
}
