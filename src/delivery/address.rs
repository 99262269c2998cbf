//! Where somebody is reached: read from their own stream at the moment of sending, and kept nowhere.

use aggregates::ids::UserId;
use aggregates::policy::retrying::OutcomeKind;
use aggregates::user::{Profile, UserEvent};
use aggregates::{DomainEvent, Sealed, StreamId};
use event_log::{EventLogError, SharedLog};
use providers::{Address, Mailbox, PhoneNumber, ProviderKind, Subscription};
use serde_json::Value;

use super::attempt::Unsendable;

/// Events of a person read at a time; nearly everybody has fewer.
const PAGE_EVENTS: usize = 256;

/// What the directory says of them; `None` for whoever is not in it. Addresses are in no view, so that a view that was
/// copied somewhere has none.
pub async fn profile_of(log: &SharedLog, user: &UserId) -> Result<Option<Profile>, Box<EventLogError>> {
    let stream = StreamId::user(user);
    let (mut profile, mut behind) = (None, 0);
    loop {
        let page = log.read_stream(&stream, behind, PAGE_EVENTS).await.map_err(Box::new)?;
        let Some(last) = page.last() else { return Ok(profile) };
        behind = last.sequence;
        let is_last = page.len() < PAGE_EVENTS;
        for recorded in page {
            if let DomainEvent::User(event) = recorded.event {
                profile = match event {
                    UserEvent::UserRegistered(event) => Some(event.profile),
                    UserEvent::ProfileChanged(event) => Some(event.profile),
                    UserEvent::UserErased(_) => None,
                };
            }
        }
        if is_last {
            return Ok(profile);
        }
    }
}

/// Their address with this provider.
pub fn address(kind: ProviderKind, user: &UserId, profile: &Profile) -> Result<Address, Unsendable> {
    let missing = |reason| Unsendable(OutcomeKind::Unreachable, reason);
    match kind {
        ProviderKind::OneSignal => Ok(Address::Users(vec![user.to_string()])),
        ProviderKind::WebPush => {
            let browsers = profile.reach.web_push.iter().filter_map(Sealed::words);
            let browsers: Vec<Subscription> = browsers.filter_map(subscription).collect();
            if browsers.is_empty() {
                return Err(missing("no browser of theirs is known"));
            }
            Ok(Address::Browsers(browsers))
        }
        ProviderKind::Mailketing | ProviderKind::Smtp => {
            let email = words(profile.email.as_ref()).ok_or_else(|| missing("no e-mail address is known"))?;
            let mailbox = Mailbox::parse(email, words(profile.name.as_ref()));
            mailbox.map(Address::Email).map_err(|_| missing("what is known as their e-mail address is none"))
        }
        ProviderKind::Starsender | ProviderKind::WhatsAppCloud => {
            let phone = words(profile.phone.as_ref()).ok_or_else(|| missing("no phone number is known"))?;
            PhoneNumber::parse(phone).map(Address::Phone).map_err(|_| missing("what is known as their number is none"))
        }
    }
}

/// As `PUT /api/users/{userId}` keeps it; what is none is passed over.
fn subscription(browser: &str) -> Option<Subscription> {
    let browser: Value = serde_json::from_str(browser).ok()?;
    let key = |name: &str| browser["keys"][name].as_str();
    Subscription::parse(browser["endpoint"].as_str()?, key("p256dh")?, key("auth")?).ok()
}

fn words(sealed: Option<&Sealed>) -> Option<&str> {
    sealed.and_then(Sealed::words).filter(|words| !words.is_empty())
}

#[cfg(test)]
mod tests {
    use aggregates::user::Reach;

    use super::*;

    fn ana() -> UserId {
        UserId::parse("ana").expect("an id")
    }

    fn of(kind: ProviderKind, profile: &Profile) -> Result<String, &'static str> {
        let shown = |address| match address {
            Address::Users(users) => users.join(","),
            Address::Browsers(browsers) => format!("{} browsers", browsers.len()),
            Address::Email(mailbox) => format!("{:?} {}", mailbox.name(), mailbox.address()),
            Address::Phone(_) => "a phone".to_owned(),
        };
        address(kind, &ana(), profile).map(shown).map_err(|Unsendable(kind, reason)| {
            assert_eq!(kind, OutcomeKind::Unreachable);
            reason
        })
    }

    #[test]
    fn each_provider_has_an_address_of_its_own() {
        let words = |text: &str| Some(Sealed::new(text));
        let browser = r#"{"endpoint":"https://push.example/1","keys":{"p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}"#;
        let profile = Profile {
            name: words("Ana"),
            email: words("ana@example.id"),
            phone: words("0812 3456 7890"),
            reach: Reach { web_push: vec![Sealed::new(browser), Sealed::new("{}")], ..Reach::default() },
            ..Profile::default()
        };
        assert_eq!(of(ProviderKind::OneSignal, &profile).as_deref(), Ok("ana"));
        assert_eq!(of(ProviderKind::WebPush, &profile).as_deref(), Ok("1 browsers"));
        for kind in [ProviderKind::Mailketing, ProviderKind::Smtp] {
            assert_eq!(of(kind, &profile).as_deref(), Ok("Some(\"Ana\") ana@example.id"));
        }
        for kind in [ProviderKind::Starsender, ProviderKind::WhatsAppCloud] {
            assert_eq!(of(kind, &profile).as_deref(), Ok("a phone"));
        }
    }

    #[test]
    fn what_is_not_known_or_none_is_said() {
        let nothing = Profile::default();
        assert!(of(ProviderKind::WebPush, &nothing).is_err());
        assert!(of(ProviderKind::Smtp, &nothing).is_err_and(|reason| reason.contains("known")));
        let odd = Profile { email: Some(Sealed::new("at home")), phone: Some(Sealed::new("call me")), ..nothing };
        for kind in [ProviderKind::Smtp, ProviderKind::Starsender] {
            assert!(of(kind, &odd).is_err_and(|reason| reason.ends_with("is none")), "{kind:?}");
        }
    }
}
