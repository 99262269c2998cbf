//! The words of an e-mail as a page, where nobody gave one.

use crate::outgoing::Outgoing;

/// A subject or a name: line ends in it would be further headers.
pub(crate) fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    line.trim().to_owned()
}

/// The page that was given, or the message in paragraphs with its link below.
pub(crate) fn html(outgoing: &Outgoing) -> String {
    if let Some(html) = &outgoing.html {
        return html.clone();
    }
    let paragraph = |text: &str| format!("<p>{}</p>\n", escaped(text.trim()).replace('\n', "<br>\n"));
    let mut page: String = outgoing.message.replace("\r\n", "\n").split("\n\n").map(paragraph).collect();
    if let Some(link) = &outgoing.link {
        let link = escaped(link.as_str());
        page.push_str(&format!("<p><a href=\"{link}\">{link}</a></p>\n"));
    }
    page
}

/// The message and its link, for who reads no pages.
pub(crate) fn plain(outgoing: &Outgoing) -> String {
    match &outgoing.link {
        Some(link) => format!("{}\n\n{link}\n", outgoing.message.trim_end()),
        None => format!("{}\n", outgoing.message.trim_end()),
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use uuid::Uuid;

    #[test]
    fn words_are_words_and_no_markup() {
        let mut outgoing =
            Outgoing::new(Uuid::nil(), Address::Users(vec![]), "Judul", "<b>satu</b> & \"dua\"\r\nbaris\n\nlagi");
        outgoing.link = Some("https://a.id/x?a=1&b=2".parse().unwrap());
        assert_eq!(
            html(&outgoing),
            "<p>&lt;b&gt;satu&lt;/b&gt; &amp; &quot;dua&quot;<br>\nbaris</p>\n<p>lagi</p>\n\
             <p><a href=\"https://a.id/x?a=1&amp;b=2\">https://a.id/x?a=1&amp;b=2</a></p>\n"
        );
        assert!(plain(&outgoing).ends_with("lagi\n\nhttps://a.id/x?a=1&b=2\n"));
        outgoing.html = Some("<h1>given</h1>".into());
        assert_eq!(html(&outgoing), "<h1>given</h1>");
    }

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(one_line(" Pesan\r\nBcc: x@y.z\t"), "Pesan  Bcc: x@y.z");
    }
}
