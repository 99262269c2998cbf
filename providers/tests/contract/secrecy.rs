//! Secrets, addresses and people's words are in no reason, in no `Debug` and in no line of the log, whatever was said.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use providers::{Address, Outgoing};

use crate::rig::{Rig, Way, ways};
use crate::simulated::smtp::SmtpTold;
use crate::simulated::told::Told;
use crate::simulated::{mailketing, onesignal, smtp, starsender, webpush, whatsapp_cloud};

/// Everything that anybody in this program logs, at every level, dependencies included.
fn log() -> Arc<Mutex<Vec<u8>>> {
    static LOG: OnceLock<Arc<Mutex<Vec<u8>>>> = OnceLock::new();
    Arc::clone(LOG.get_or_init(|| {
        let log = Arc::new(Mutex::new(Vec::new()));
        let writer = Writer(Arc::clone(&log));
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }))
}

#[derive(Clone)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn secret(way: Way) -> &'static str {
    match way {
        Way::OneSignal(_) => onesignal::KEY,
        Way::WebPush => webpush::PRIVATE_KEY,
        Way::Mailketing(_) => mailketing::TOKEN,
        Way::Smtp => smtp::PASSWORD,
        Way::Starsender => starsender::KEY,
        Way::WhatsAppCloud => whatsapp_cloud::TOKEN,
    }
}

const WORDS: [&str; 4] = ["rahasia", "jangandilihat", "bukaini", "lampiran"];

/// What nobody may see of this delivery.
fn hidden(way: Way, outgoing: &Outgoing) -> Vec<String> {
    let own = match &outgoing.to {
        Address::Users(users) => users.clone(),
        Address::Browsers(browsers) => browsers
            .iter()
            .flat_map(|browser| [browser.endpoint(), browser.keys()[0], browser.keys()[1]].map(ToOwned::to_owned))
            .collect(),
        Address::Email(mailbox) => vec![mailbox.address().to_owned(), mailbox.name().unwrap_or_default().to_owned()],
        Address::Phone(number) => vec![number.as_str().to_owned()],
    };
    own.into_iter().chain([secret(way)].into_iter().chain(WORDS).map(ToOwned::to_owned)).collect()
}

fn outgoing(rig: &Rig) -> Outgoing {
    let mut outgoing = rig.outgoing();
    // Not user-0: that is a word of everybody's.
    if let Address::Users(users) = &mut outgoing.to {
        *users = vec!["u-7f3aq".into()];
    }
    outgoing.title = "Rahasia besar".into();
    outgoing.message = "jangandilihat orang".into();
    outgoing.link = Some("https://app.example.id/x?bukaini=1".parse().unwrap());
    outgoing.data.insert("k".into(), "lampiran".into());
    outgoing
}

#[tokio::test]
async fn nothing_that_is_to_be_hidden_is_shown_anywhere() {
    let log = log();
    for way in ways() {
        let rig = Rig::start(way).await;
        let outgoing = outgoing(&rig);
        let hidden = hidden(way, &outgoing);
        // A service that says everything it knows.
        let everything = hidden.join(" ");
        let mut outcomes = vec![rig.provider.send(&outgoing).await];
        for status in [200, 400, 401, 429, 500] {
            rig.tell(
                Told::say(status, &format!("999999 refused: {everything}")),
                SmtpTold::say_at_recipient(&format!("550 5.1.1 refused {everything}")),
            );
            outcomes.push(rig.provider.send(&outgoing).await);
        }
        for told in [Told::Reset, Told::TakeThenDrop, Told::page()] {
            rig.tell(told, SmtpTold::say_at_letter(&format!("554 spam: {everything}")));
            outcomes.push(rig.provider.send(&outgoing).await);
        }
        assert!(outcomes.iter().any(|outcome| outcome.reason().is_some()), "{way:?}: something was said");
        for outcome in &outcomes {
            let reason = outcome.reason().map(ToString::to_string).unwrap_or_default();
            assert!(reason.chars().count() <= 160 && !reason.contains('\n'), "{way:?}: {reason}");
            // What it was accepted as is not shown either, where it names the recipient.
            let shown = format!("{outcome:?} {outgoing:?} {:?}", outgoing.to).to_lowercase();
            let found: Vec<_> = hidden.iter().filter(|text| shown.contains(&text.to_lowercase())).collect();
            // A push service names a message by an address of its own.
            assert!(found.is_empty(), "{way:?}: {found:?} in {shown}");
        }
        let log = String::from_utf8_lossy(&log.lock().unwrap_or_else(PoisonError::into_inner)).to_lowercase();
        let found: Vec<_> = hidden.iter().filter(|text| log.contains(&text.to_lowercase())).collect();
        assert!(found.is_empty(), "{way:?}: {found:?} in the log");
    }
    let log = String::from_utf8_lossy(&log.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    assert!(log.contains("a provider did not answer"), "our own lines are seen here");
    assert!(log.contains("starting new connection"), "and those of dependencies too");
}

#[tokio::test]
async fn a_reason_still_says_what_the_provider_said() {
    let rig = Rig::start(Way::Mailketing(providers::mailketing::MailketingVersion::V1)).await;
    rig.http().tell(Told::say(200, "Attachment of rara0@example.id is too large"));
    let outcome = rig.provider.send(&rig.outgoing()).await;
    let reason = outcome.reason().expect("refused").as_str();
    assert_eq!(reason, "Mailketing refuses the e-mail: Attachment of … is too large");
}
