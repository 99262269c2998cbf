//! Which channel of which server `replay tail --url` is to follow, and what is refused before anybody is asked.

use url::Url;

use super::TailWanted;
use crate::outcome::Failure;

/// A channel of a running server, as somebody.
#[derive(Debug)]
pub struct Server {
    /// `ws://` or `wss://`, without the part that names the app.
    pub url: Url,
    pub key: String,
    pub token: String,
    pub channel: String,
}

impl TailWanted {
    /// The server to follow, if one was named.
    pub fn server(&self) -> Result<Option<Server>, Failure> {
        let (Some(url), Some(token), Some(channel)) = (&self.url, &self.token, &self.channel) else {
            return Ok(None);
        };
        if token.trim().is_empty() {
            return Err(Failure::usage("--token is empty: a variable that is not set in this terminal?"));
        }
        named(channel).map_err(|reason| Failure::usage(format!("--channel {channel:?} {reason}")))?;
        let server =
            Server { url: socket(url)?, key: self.key.clone(), token: token.clone(), channel: channel.clone() };
        Ok(Some(server))
    }
}

/// Where the socket is: `http` and `https` say the same place.
fn socket(url: &Url) -> Result<Url, Failure> {
    let wrong = || Failure::usage("--url needs ws://HOST:PORT or wss://HOST (http and https do as well)");
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(wrong()),
    };
    if url.host_str().is_none() {
        return Err(wrong());
    }
    // `Url::set_scheme` refuses http -> ws, so the text is changed.
    let rest = url.as_str().split_once(':').map_or("", |(_, rest)| rest);
    Url::parse(&format!("{scheme}:{rest}")).map_err(|_| wrong())
}

/// A channel that ends where an id should begin is one that nobody meant.
fn named(channel: &str) -> Result<(), &'static str> {
    match channel.strip_prefix("private-").or_else(|| channel.strip_prefix("presence-")).unwrap_or(channel) {
        "" => Err("is empty"),
        name if name.ends_with('-') => {
            Err("ends where an id should follow: a variable that is not set in this terminal?")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::{Arguments, Wanted};

    fn server(line: &str) -> Result<Option<Server>, Failure> {
        let Wanted::Tail(wanted) = Arguments::try_parse_from(line.split(' ')).expect("right").command else {
            panic!("a tail")
        };
        wanted.server()
    }

    #[test]
    fn the_address_of_a_server_is_that_of_its_socket() {
        for (given, taken) in [
            ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/"),
            ("https://chat.example/kabar", "wss://chat.example/kabar"),
            ("ws://h:1", "ws://h:1/"),
            ("wss://h", "wss://h/"),
        ] {
            let server = server(&format!("replay tail --url {given} --token t --channel c")).expect(given);
            assert_eq!(server.expect("a server").url.as_str(), taken);
        }
        assert!(server("replay tail --url ftp://h --token t --channel c").is_err());
    }

    #[test]
    fn a_variable_that_is_not_set_is_told_by_the_flag_it_stands_in() {
        let refused = |token: &str, channel: &str| {
            let line = ["replay", "tail", "--url", "ws://h:1", "--token", token, "--channel", channel];
            let Wanted::Tail(wanted) = Arguments::try_parse_from(line).expect("right").command else {
                panic!("a tail")
            };
            match wanted.server() {
                Err(Failure::Usage(text)) => text,
                other => panic!("{other:?}"),
            }
        };
        assert!(refused("", "private-user-ana").contains("--token"));
        for channel in ["private-room-", "private-user-", "private-", "", "presence-room-"] {
            assert!(refused("t", channel).contains("--channel"), "{channel}");
        }
    }
}
