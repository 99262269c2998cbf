//! What every provider promises, whatever its service does.

use std::time::Instant;

use futures_util::future::join_all;
use providers::{Address, Outcome, Provider};

use crate::rig::{IMPATIENCE, Rig, Way, impatient, provider_at, ways};
use crate::simulated::smtp::SmtpTold;
use crate::simulated::told::Told;

/// What a lost answer is: the one thing in which providers differ.
fn lost(provider: &dyn Provider) -> &'static str {
    if provider.takes_idempotency_key() { "unavailable" } else { "ambiguous" }
}

#[tokio::test]
async fn what_was_taken_is_accepted_once() {
    for way in ways() {
        let rig = Rig::start(way).await;
        let outgoing = rig.outgoing();
        let outcome = rig.provider.send(&outgoing).await;
        let Outcome::Accepted { unreachable, missed, provider_id } = &outcome else { panic!("{way:?}: {outcome:?}") };
        assert!(unreachable.is_empty() && *missed == 0, "{way:?}: {outcome:?}");
        // Two of them name nothing that could be asked for later.
        let is_named = !matches!(way, Way::Starsender | Way::Mailketing(providers::mailketing::MailketingVersion::V1));
        assert_eq!(provider_id.is_some(), is_named, "{way:?}");
        assert_eq!(rig.sends_of(&outgoing), 1, "{way:?}");
        assert_eq!(outcome.reason(), None);
    }
}

#[tokio::test]
async fn a_repeat_is_recognised_exactly_where_a_key_is_taken() {
    for way in ways() {
        let rig = Rig::start(way).await;
        let outgoing = rig.outgoing();
        for _ in 0..2 {
            assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted", "{way:?}");
        }
        let sends = if rig.provider.takes_idempotency_key() { 1 } else { 2 };
        assert_eq!(rig.sends_of(&outgoing), sends, "{way:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_taking_is_told_apart() {
    for way in ways() {
        let rig = Rig::start(way).await;
        let outgoing = rig.outgoing();
        rig.tell(Told::TakeThenDrop, SmtpTold::TakeThenDrop);
        let outcome = rig.provider.send(&outgoing).await;
        assert_eq!(outcome.name(), lost(&*rig.provider), "{way:?}: {outcome:?}");
        assert_eq!(rig.sends_of(&outgoing), 1, "{way:?}");
        if rig.provider.takes_idempotency_key() {
            assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted", "{way:?}");
            assert_eq!(rig.sends_of(&outgoing), 1, "{way:?}: a retry under the same key sends nothing twice");
        }
    }
}

#[tokio::test]
async fn a_reset_connection_is_a_lost_answer() {
    for way in ways() {
        let rig = Rig::start(way).await;
        rig.tell(Told::Reset, SmtpTold::ResetAtRecipient);
        let outcome = rig.provider.send(&rig.outgoing()).await;
        // SMTP had not come to the message.
        let expected = if way == Way::Smtp { "unavailable" } else { lost(&*rig.provider) };
        assert_eq!(outcome.name(), expected, "{way:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_unavailable_everywhere() {
    for way in ways() {
        let rig = Rig::start(way).await;
        let outgoing = rig.outgoing();
        // Taken and given back, so that nobody listens there.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = if way == Way::Smtp { nobody.to_string() } else { format!("http://{nobody}") };
        let (provider, outgoing) = if way == Way::WebPush {
            // Where a browser's service is stands in its subscription.
            let made = rig.push().subscribe(&url, "nobody");
            let subscription = providers::Subscription::parse(&made.endpoint, &made.p256dh, &made.auth).unwrap();
            let to = Address::Browsers(vec![subscription]);
            (provider_at(way, &url, &crate::rig::patient()), providers::Outgoing { to, ..outgoing })
        } else {
            (provider_at(way, &url, &crate::rig::patient()), outgoing)
        };
        let outcome = provider.send(&outgoing).await;
        assert_eq!(outcome.name(), "unavailable", "{way:?}: {outcome:?}");
        assert_eq!(outcome.reason().unwrap().as_str(), "no connection", "{way:?}");
    }
}

#[tokio::test]
async fn a_provider_that_hangs_ends_in_time() {
    let hung = |way: Way| async move {
        for (told, over_smtp) in [(Told::Hang, SmtpTold::HangAtGreeting), (Told::TakeThenHang, SmtpTold::TakeThenHang)]
        {
            let rig = Rig::start_within(way, &impatient()).await;
            let takes = matches!(told, Told::TakeThenHang);
            rig.tell(told, over_smtp);
            let began = Instant::now();
            let outcome = rig.provider.send(&rig.outgoing()).await;
            let took = began.elapsed();
            assert!((IMPATIENCE..IMPATIENCE * 5).contains(&took), "{way:?}: {took:?}");
            let expected = if way == Way::Smtp && !takes { "unavailable" } else { lost(&*rig.provider) };
            assert_eq!(outcome.name(), expected, "{way:?}: {outcome:?}");
            assert_eq!(outcome.reason().unwrap().as_str(), "no answer in time", "{way:?}");
        }
    };
    join_all(ways().into_iter().map(hung)).await;
}

#[tokio::test]
async fn an_answer_that_is_cut_off_or_does_not_end_is_a_lost_one() {
    for way in ways() {
        for (told, over_smtp) in [(Told::CutOff, SmtpTold::CutOff), (Told::Endless, SmtpTold::Endless)] {
            let rig = Rig::start(way).await;
            let outgoing = rig.outgoing();
            let what = format!("{way:?} {told:?}");
            rig.tell(told, over_smtp);
            let outcome = rig.provider.send(&outgoing).await;
            // A push service says all of it with its status.
            let expected = if way == Way::WebPush { "accepted" } else { lost(&*rig.provider) };
            assert_eq!(outcome.name(), expected, "{what}: {outcome:?}");
            assert_eq!(rig.sends_of(&outgoing), 1, "{what}");
            // What is broken is not used again.
            assert_eq!(rig.provider.send(&rig.outgoing()).await.name(), "accepted", "{what}");
        }
    }
}

#[tokio::test]
async fn too_much_at_once_is_throttled_for_as_long_as_was_said() {
    for way in ways() {
        for (header, seconds) in [("7", 7), ("86400", 3_600)] {
            let rig = Rig::start(way).await;
            rig.tell(Told::too_many(header), SmtpTold::say_at_recipient("450 4.7.1 too many messages, slow down"));
            let outcome = rig.provider.send(&rig.outgoing()).await;
            let Outcome::Throttled { after, reason } = outcome else { panic!("{way:?}: {outcome:?}") };
            // SMTP has no such header.
            let expected = (way != Way::Smtp).then_some(seconds);
            assert_eq!(after.map(|after| after.as_secs()), expected, "{way:?}: {reason}");
        }
    }
}

#[tokio::test]
async fn a_service_in_trouble_is_unavailable() {
    for way in ways() {
        for status in [500, 502, 503, 521] {
            let rig = Rig::start(way).await;
            let outgoing = rig.outgoing();
            rig.tell(Told::status(status), SmtpTold::say_at_greeting("421 4.3.2 shutting down"));
            let outcome = rig.provider.send(&outgoing).await;
            assert_eq!(outcome.name(), "unavailable", "{way:?} {status}: {outcome:?}");
            assert_eq!(rig.sends_of(&outgoing), 0, "{way:?}");
            assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted", "{way:?}: it is well again");
        }
    }
}

#[tokio::test]
async fn a_gateway_that_got_no_answer_does_not_know_whether_it_was_taken() {
    for way in ways().into_iter().filter(|way| *way != Way::Smtp) {
        let rig = Rig::start(way).await;
        rig.http().tell(Told::status(504));
        let outcome = rig.provider.send(&rig.outgoing()).await;
        assert_eq!(outcome.name(), lost(&*rig.provider), "{way:?}: {outcome:?}");
    }
}

/// Requirements §7: an HTML page counted as sent.
#[tokio::test]
async fn a_page_instead_of_the_service_is_misconfigured() {
    // A push service's status is all it says, and its address is the browser's.
    for way in ways().into_iter().filter(|way| *way != Way::WebPush) {
        let rig = Rig::start(way).await;
        rig.tell(Told::page(), SmtpTold::say_at_greeting("HTTP/1.1 400 Bad Request"));
        let outcome = rig.provider.send(&rig.outgoing()).await;
        let expected = if way == Way::Smtp { "unavailable" } else { "misconfigured" };
        assert_eq!(outcome.name(), expected, "{way:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for way in ways().into_iter().filter(|way| *way != Way::Smtp) {
        let rig = Rig::start(way).await;
        let elsewhere = Rig::start(way).await;
        rig.http().tell(Told::redirect(&elsewhere.http().url()));
        let outcome = rig.provider.send(&rig.outgoing()).await;
        assert_eq!(outcome.name(), "misconfigured", "{way:?}: {outcome:?}");
        assert_eq!(elsewhere.http().requests_count(), 0, "{way:?}: keys go nowhere else");
    }
}

#[tokio::test]
async fn an_address_of_another_channel_is_refused_and_nothing_is_sent() {
    for way in ways() {
        let rig = Rig::start(way).await;
        let foreign = match rig.outgoing().to {
            Address::Users(_) | Address::Browsers(_) | Address::Phone(_) => {
                Address::Email(providers::Mailbox::parse("rara@example.id", None).unwrap())
            }
            Address::Email(_) => Address::Users(vec!["rara".into()]),
        };
        let outgoing = providers::Outgoing { to: foreign, ..rig.outgoing() };
        assert_eq!(rig.provider.send(&outgoing).await.name(), "refused", "{way:?}");
    }
}
