//! What each service says, in its own words, and what is made of it: a case for every text of providers.md.

use providers::mailketing::MailketingVersion;
use providers::onesignal::OneSignalMode;
use providers::{Address, Outcome, Outgoing, Recipient, Template};

use crate::rig::{Rig, Way};
use crate::simulated::smtp::{Offer, SmtpServer, SmtpTold};
use crate::simulated::told::Told;

const ONESIGNAL: [Way; 2] = [Way::OneSignal(OneSignalMode::Current), Way::OneSignal(OneSignalMode::Legacy)];
const MAILKETING: [Way; 2] = [Way::Mailketing(MailketingVersion::V1), Way::Mailketing(MailketingVersion::V2)];

/// One case after the other over HTTP: what is told, and the name of what comes of it.
async fn each(way: Way, cases: Vec<(Told, &str)>) {
    let rig = Rig::start(way).await;
    for (told, expected) in cases {
        let what = format!("{way:?} {told:?}");
        rig.http().tell(told);
        let outcome = rig.provider.send(&rig.outgoing()).await;
        assert_eq!(outcome.name(), expected, "{what}: {outcome:?}");
    }
}

// ---- OneSignal ----

#[tokio::test]
async fn onesignal_is_understood_whatever_form_its_errors_have() {
    for way in ONESIGNAL {
        let cases = vec![
            (Told::answers(200, r#"{"id":"","errors":["All included players are not subscribed"]}"#), "unreachable"),
            (Told::answers(200, r#"{"errors":["All included players are not subscribed"]}"#), "unreachable"),
            (Told::answers(400, r#"{"errors":["All included players are not subscribed"]}"#), "unreachable"),
            (
                Told::answers(200, r#"{"id":"","errors":[{"title":"Message Notifications must have English"}]}"#),
                "refused",
            ),
            (
                Told::answers(400, r#"{"errors":["Message Notifications must have English language content"]}"#),
                "refused",
            ),
            (Told::answers(400, r#"{"errors":{"message":"bad url"}}"#), "refused"),
            (Told::answers(400, r#"{"errors":[{}]}"#), "refused"),
            (Told::answers(400, ""), "refused"),
            (Told::answers(400, r#"{"errors":["app_id not found. You may be missing a header."]}"#), "misconfigured"),
            (
                Told::answers(
                    400,
                    r#"{"errors":["Please include a case-sensitive header of Authorization: Basic <KEY>"]}"#,
                ),
                "misconfigured",
            ),
            (Told::say(401, "Access denied"), "misconfigured"),
            (Told::say(403, "Access denied"), "misconfigured"),
            (Told::answers(402, "{}"), "quota"),
            (Told::say(429, "API rate limit exceeded"), "throttled"),
            // Neither made nor refused: asked again under the same key.
            (Told::answers(200, "{}"), "unavailable"),
            (Told::answers(200, "nonsense"), "unavailable"),
            (Told::answers(202, r#"{"id":"id-1"}"#), "accepted"),
        ];
        each(way, cases).await;
    }
}

#[tokio::test]
async fn of_many_users_those_without_a_subscription_are_named() {
    for way in ONESIGNAL {
        let rig = Rig::start(way).await;
        let to = |users: &[&str]| Outgoing {
            to: Address::Users(users.iter().map(ToString::to_string).collect()),
            ..rig.outgoing()
        };
        let outcome = rig.provider.send(&to(&["ana", "unknown-b", "unknown-c", "dewi"])).await;
        let Outcome::Accepted { provider_id: Some(_), unreachable, missed: 0 } = outcome else { panic!("{outcome:?}") };
        assert_eq!(unreachable, [Recipient::new("unknown-b"), Recipient::new("unknown-c")]);

        let nobody = to(&["unknown-b"]);
        assert_eq!(rig.provider.send(&nobody).await.name(), "unreachable", "{way:?}");
        // Also where OneSignal gives an id for it.
        let field = if way == ONESIGNAL[0] {
            r#"{"invalid_aliases":{"external_id":["x","ana"]}}"#
        } else {
            r#"{"invalid_external_user_ids":["ana"]}"#
        };
        rig.http().tell(Told::answers(200, &format!(r#"{{"id":"id-7","errors":{field}}}"#)));
        assert_eq!(rig.provider.send(&to(&["ana", "ana"])).await.name(), "unreachable", "{way:?}");
    }
}

#[tokio::test]
async fn two_thousand_users_are_one_call() {
    let rig = Rig::start(ONESIGNAL[0]).await;
    let users = |count: usize| Address::Users((0..count).map(|user| format!("user-{user}")).collect());
    let all = Outgoing { to: users(2_000), ..rig.outgoing() };
    assert_eq!(rig.provider.send(&all).await.name(), "accepted");
    let too_many = Outgoing { to: users(2_001), ..rig.outgoing() };
    assert_eq!(rig.provider.send(&too_many).await.name(), "refused");
    assert_eq!(rig.http().requests_count(), 1, "what would be refused is not sent");
}

// ---- Web Push ----

#[tokio::test]
async fn a_push_service_is_understood() {
    let plain = |status, text: &str| Told::say(status, text);
    let cases = vec![
        (Told::answers(200, ""), "accepted"),
        (Told::answers(202, ""), "accepted"),
        (plain(404, "not found"), "unreachable"),
        (plain(410, "push subscription has unsubscribed or expired."), "unreachable"),
        (Told::answers(410, r#"{"code":410,"errno":106}"#), "unreachable"),
        (
            plain(
                403,
                "the VAPID credentials in the authorization header do not correspond to the credentials used to create the subscriptions.",
            ),
            "unreachable",
        ),
        (Told::answers(400, r#"{"reason":"VapidPkHashMismatch"}"#), "unreachable"),
        (Told::answers(403, r#"{"reason":"BadJwtToken"}"#), "misconfigured"),
        (plain(401, "Unauthorized"), "misconfigured"),
        (plain(400, "TTL"), "refused"),
        (plain(413, "too large"), "refused"),
        (plain(429, "slow down"), "throttled"),
        (plain(503, "later"), "unavailable"),
    ];
    each(Way::WebPush, cases).await;
}

#[tokio::test]
async fn a_browser_sees_what_was_sent() {
    let rig = Rig::start(Way::WebPush).await;
    let mut outgoing = rig.outgoing();
    outgoing.collapse_key = Some("room-1".into());
    outgoing.data.insert("roomId".into(), "lobby".into());
    outgoing.message = "😀".repeat(3_000);
    assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted");
    let asked = rig.http().last();
    assert!(asked.body.len() <= 4_096, "{}", asked.body.len());
    let seen = rig.push().opened(&asked).expect("the browser opens it");
    assert_eq!(seen["id"], outgoing.delivery_id.to_string());
    assert_eq!(seen["title"], outgoing.title);
    assert_eq!(seen["url"], "https://app.example.id/chat?room=lobby");
    assert_eq!(seen["data"]["roomId"], "lobby");
    assert!(seen["body"].as_str().unwrap().ends_with("😀…"));
    assert_eq!((asked.header("ttl"), asked.header("topic").len()), ("86400", 32));
}

#[tokio::test]
async fn of_many_browsers_those_that_are_gone_are_to_be_dropped() {
    let rig = Rig::start(Way::WebPush).await;
    let [here, gone, also_gone] = ["here", "gone-1", "gone-2"].map(|name| rig.browser(name));
    let to = |browsers: &[&providers::Subscription]| Outgoing {
        to: Address::Browsers(browsers.iter().map(|browser| (*browser).clone()).collect()),
        ..rig.outgoing()
    };
    let outcome = rig.provider.send(&to(&[&gone, &here, &also_gone])).await;
    let Outcome::Accepted { unreachable, missed: 0, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(unreachable, [Recipient::new(gone.endpoint()), Recipient::new(also_gone.endpoint())]);
    assert_eq!(rig.provider.send(&to(&[&gone, &also_gone])).await.name(), "unreachable");

    // One browser was reached: the other one's service may be down.
    rig.http().tell_always(Told::status(503));
    rig.http().tell(Told::Succeed);
    let other = rig.browser("other");
    let outcome = rig.provider.send(&to(&[&here, &other])).await;
    let Outcome::Accepted { missed: 1, .. } = outcome else { panic!("{outcome:?}") };
    // None was: what may still arrive weighs more than what never will.
    let outcome = rig.provider.send(&to(&[&here, &other])).await;
    assert_eq!(outcome.name(), "unavailable", "{outcome:?}");
    rig.http().tell(Told::answers(410, ""));
    let outcome = rig.provider.send(&to(&[&here, &other])).await;
    assert_eq!(outcome.name(), "unavailable", "{outcome:?}");
}

#[tokio::test]
async fn an_endpoint_within_our_own_network_is_not_asked() {
    let rig = Rig::start(Way::WebPush).await;
    let made = rig.push().subscribe(&rig.http().url().replace("127.0.0.1", "localhost"), "inside");
    let inside = providers::Subscription::parse(&made.endpoint, &made.p256dh, &made.auth).unwrap();
    let outgoing = Outgoing { to: Address::Browsers(vec![inside]), ..rig.outgoing() };
    assert_eq!(rig.provider.send(&outgoing).await.name(), "refused");
    assert_eq!(rig.http().requests_count(), 0);
}

// ---- Mailketing ----

/// Requirements §7: an invalid token counted as sent.
#[tokio::test]
async fn mailketing_is_understood_by_its_texts() {
    for way in MAILKETING {
        let mut cases = vec![
            (Told::say(200, "User Not Found or Wrong API Token"), "misconfigured"),
            (Told::say(200, "Access Denied, Invalid Token"), "misconfigured"),
            (Told::say(200, "Unknown Sender, Please Add Your Sender First"), "misconfigured"),
            (Told::say(200, "No Credits, Please Top Up"), "quota"),
            (Told::say(200, "Blacklisted"), "unreachable"),
            (Told::say(200, "Empty From Name"), "refused"),
            (Told::say(200, "Empty Recipient"), "refused"),
            (Told::say(200, "Empty Subject"), "refused"),
            (Told::say(200, "Empty Content"), "refused"),
            (Told::say(200, "something new"), "refused"),
            (Told::say(401, "Access Denied, Invalid Token"), "misconfigured"),
            (Told::say(403, ""), "misconfigured"),
            (Told::say(402, "No Credits, Please Top Up"), "quota"),
            (Told::say(422, "The recipient field is required."), "refused"),
            (Told::say(500, "Blacklisted"), "unavailable"),
            (Told::status(404), "misconfigured"),
            (Told::answers(200, "{}"), "ambiguous"),
            (Told::answers(200, ""), "ambiguous"),
        ];
        let own = match way {
            Way::Mailketing(MailketingVersion::V2) => vec![
                (Told::answers(200, r#"{"success":false,"data":null}"#), "refused"),
                (Told::answers(422, r#"{"success":false,"errors":{"recipient":["invalid"]}}"#), "refused"),
                (Told::answers(201, r#"{"success":true,"data":{"message_id":"m-1"}}"#), "accepted"),
                // Both the status and the word must say so.
                (Told::answers(400, r#"{"success":true}"#), "refused"),
            ],
            _ => vec![
                (Told::answers(200, r#"{"status":"failed"}"#), "refused"),
                (Told::answers(200, r#"{"status":"SUCCESS","response":"Mail Sent"}"#), "accepted"),
            ],
        };
        cases.extend(own);
        each(way, cases).await;
    }
}

#[tokio::test]
async fn mailketing_gets_a_page_and_our_id() {
    for way in MAILKETING {
        let rig = Rig::start(way).await;
        let mut outgoing = rig.outgoing();
        outgoing.title = "Pesan\r\nBcc: x@y.z".into();
        outgoing.message = "<b>satu</b>".into();
        assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted");
        let asked = rig.http().last();
        let field = |name: &str| match way {
            Way::Mailketing(MailketingVersion::V2) => asked.json()[name].as_str().unwrap_or_default().to_owned(),
            _ => asked.form().remove(name).unwrap_or_default(),
        };
        assert_eq!(field("subject"), "Pesan  Bcc: x@y.z");
        assert!(field("content").starts_with("<p>&lt;b&gt;satu&lt;/b&gt;</p>"), "{}", field("content"));
        assert_eq!((field("from_name").as_str(), field("from_email").as_str()), ("Kabar", "kabar@example.id"));
        if way == Way::Mailketing(MailketingVersion::V2) {
            assert_eq!(field("message_id"), outgoing.delivery_id.to_string());
            assert!(!String::from_utf8_lossy(&asked.body).contains("sesame"), "the token is in its header only");
        }
    }
}

// ---- SMTP ----

#[tokio::test]
async fn a_mail_server_is_understood_by_the_step_it_says_it_in() {
    for (told, expected) in [
        (SmtpTold::say_at_greeting("554 5.7.1 your address is blocked"), "misconfigured"),
        (SmtpTold::say_at_greeting("421 4.3.2 come back later"), "unavailable"),
        (SmtpTold::say_at_sender("550 5.1.0 sender rejected"), "misconfigured"),
        (SmtpTold::say_at_sender("451 4.3.0 try again"), "unavailable"),
        (SmtpTold::say_at_recipient("550 5.1.1 no such user"), "unreachable"),
        (SmtpTold::say_at_recipient("553 5.1.3 bad address"), "unreachable"),
        (SmtpTold::say_at_recipient("550-5.1.1 The account does\r\n550 5.1.1 not exist"), "unreachable"),
        (SmtpTold::say_at_recipient("550 5.7.1 Unable to relay"), "misconfigured"),
        (SmtpTold::say_at_recipient("530 5.7.0 Authentication required"), "misconfigured"),
        (SmtpTold::say_at_recipient("450 4.2.1 mailbox busy"), "unavailable"),
        (SmtpTold::say_at_recipient("451 4.7.1 Greylisted"), "throttled"),
        (SmtpTold::say_at_recipient("452 4.5.3 Too many recipients"), "throttled"),
        (SmtpTold::say_at_asking("554 5.5.1 no valid recipients"), "refused"),
        (SmtpTold::say_at_asking("451 4.3.0 later"), "unavailable"),
        (SmtpTold::DropAtAsking, "unavailable"),
        (SmtpTold::say_at_letter("554 5.7.1 this is spam"), "refused"),
        (SmtpTold::say_at_letter("452 4.3.1 no space"), "unavailable"),
    ] {
        let rig = Rig::start(Way::Smtp).await;
        let outgoing = rig.outgoing();
        rig.smtp().tell(told.clone());
        let outcome = rig.provider.send(&outgoing).await;
        assert_eq!(outcome.name(), expected, "{told:?}: {outcome:?}");
        assert_eq!(rig.smtp().sends_of(&outgoing.delivery_id.to_string()), 0, "{told:?}");
        assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted", "{told:?}: the next one goes through");
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_misconfigured() {
    let rig = Rig::start(Way::Smtp).await;
    let sender = crate::rig::sender();
    let with = |change: fn(&mut providers::SmtpSettings), address: &str| {
        let mut settings = crate::rig::smtp_settings(address);
        change(&mut settings);
        crate::rig::made(providers::SmtpProvider::try_new(settings, &sender, &crate::rig::patient()))
    };
    let address = rig.smtp().address();
    let wrong_password = with(|settings| settings.password = providers::Secret::new("wrong"), &address);
    let no_tls = with(|settings| settings.tls = providers::smtp::SmtpTls::Starttls, &address);
    let open = SmtpServer::offering(Offer { auth: false }).await;
    let nobody_signs_in = with(|_| {}, &open.address());
    for provider in [wrong_password, no_tls, nobody_signs_in] {
        let outcome = providers::Provider::send(&provider, &rig.outgoing()).await;
        assert_eq!(outcome.name(), "misconfigured", "{outcome:?}");
        let Outcome::Misconfigured(reason) = outcome else { panic!() };
        assert!(!reason.as_str().contains("wrong"), "{reason}");
    }
    // A server that wants nobody to sign in takes whoever does not.
    let without = with(
        |settings| {
            settings.username.clear();
            settings.password = providers::Secret::default();
        },
        &open.address(),
    );
    assert_eq!(providers::Provider::send(&without, &rig.outgoing()).await.name(), "accepted");
}

#[tokio::test]
async fn a_letter_says_how_to_end_it() {
    let rig = Rig::start(Way::Smtp).await;
    let mut outgoing = rig.outgoing();
    outgoing.unsubscribe = Some("https://app.example.id/u?token=abc".parse().unwrap());
    outgoing.message = ".\r\n.. titik di awal baris".into();
    assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted");
    let letter = rig.smtp().letters().pop().unwrap();
    assert!(letter.contains("List-Unsubscribe: <https://app.example.id/u?token=abc>\r\n"), "{letter}");
    assert!(letter.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"), "{letter}");
    assert!(
        letter.contains("To: \"Rara Ayu\" <rara0@example.id>\r\n")
            || letter.contains("To: Rara Ayu <rara0@example.id>\r\n"),
        "{letter}"
    );
    assert!(letter.contains(".. titik di awal baris"), "{letter}");
}

// ---- Starsender ----

#[tokio::test]
async fn starsender_is_understood_by_its_words() {
    let cases = vec![
        (Told::say(200, "Message limit reached"), "throttled"),
        (Told::say(200, "rate exceeded"), "throttled"),
        (Told::say(200, "Daily limit of this device reached"), "throttled"),
        (Told::say(200, "Device logout"), "misconfigured"),
        (Told::say(200, "Device disconnected"), "misconfigured"),
        (Told::say(200, "device not found"), "misconfigured"),
        (Told::say(200, "Invalid token"), "misconfigured"),
        (Told::say(200, "Invalid api key"), "misconfigured"),
        (Told::say(200, "invalid"), "unreachable"),
        (Told::say(200, "Nomor tidak terdaftar"), "unreachable"),
        (Told::say(200, "The number is not on WhatsApp"), "unreachable"),
        (Told::say(400, "Invalid number"), "unreachable"),
        (Told::say(200, "something new"), "refused"),
        // "generated" and "operator" have no rate in them.
        (Told::say(200, "could not be generated by the operator"), "refused"),
        (Told::answers(200, r#"{"status":false,"message":"Nomor salah"}"#), "unreachable"),
        (Told::answers(200, r#"{"success":true,"code":401,"message":"Invalid token"}"#), "misconfigured"),
        (Told::answers(200, r#"{"success":true,"error":"device offline"}"#), "misconfigured"),
        (Told::answers(200, r#"{"success":true,"data":{"id":17},"message":"Success sent message"}"#), "accepted"),
        (Told::answers(200, r#"{"status":true,"error":null,"code":200}"#), "accepted"),
        (Told::say(401, ""), "misconfigured"),
        (Told::say(500, "invalid memory address"), "unavailable"),
        (Told::status(404), "misconfigured"),
        (Told::answers(200, "{}"), "ambiguous"),
    ];
    each(Way::Starsender, cases).await;
}

#[tokio::test]
async fn starsender_sends_a_picture_with_its_caption() {
    let rig = Rig::start(Way::Starsender).await;
    let mut outgoing = rig.outgoing();
    assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted");
    assert_eq!(rig.http().last().json()["messageType"], "text");
    outgoing.image = Some("https://app.example.id/a.png".parse().unwrap());
    assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted");
    let body = rig.http().last().json();
    assert_eq!((&body["messageType"], &body["file"]), (&"media".into(), &"https://app.example.id/a.png".into()));
    assert_eq!(body["to"], "6281234560000");
}

// ---- WhatsApp Cloud ----

#[tokio::test]
async fn meta_is_understood_by_its_codes() {
    let of = |codes: &[(i64, u16)], expected: &'static str| {
        let case = |(code, status): &(i64, u16)| (Told::say(*status, &format!("{code} said")), expected);
        codes.iter().map(case).collect::<Vec<_>>()
    };
    let cases = [
        of(&[(131_026, 400), (131_030, 400), (131_050, 400)], "unreachable"),
        of(&[(4, 400), (80_007, 400), (130_429, 429), (130_429, 400), (131_048, 400), (131_056, 400)], "throttled"),
        of(
            &[(190, 401), (0, 401), (3, 500), (10, 403), (200, 403), (299, 403), (33, 400), (133_010, 400)],
            "misconfigured",
        ),
        of(&[(368, 403), (131_031, 403), (131_042, 400)], "quota"),
        of(&[(1, 400), (2, 503), (131_000, 500), (131_016, 503), (131_057, 500)], "unavailable"),
        of(&[(100, 400), (131_008, 400), (131_047, 400), (131_049, 400), (131_053, 400)], "refused"),
        of(&[(132_000, 400), (132_001, 404), (132_005, 400), (132_015, 400), (132_016, 400)], "refused"),
        // Not known here: by the status.
        of(&[(999_999, 400)], "refused"),
        of(&[(999_999, 500)], "unavailable"),
        vec![
            (
                Told::answers(400, r#"{"error":{"code":100,"error_subcode":33,"message":"Object does not exist"}}"#),
                "misconfigured",
            ),
            (Told::answers(200, r#"{"messages":[]}"#), "ambiguous"),
            (Told::answers(200, ""), "ambiguous"),
        ],
    ];
    each(Way::WhatsAppCloud, cases.into_iter().flatten().collect()).await;
}

#[tokio::test]
async fn meta_gets_a_template_where_there_is_one() {
    let rig = Rig::start(Way::WhatsAppCloud).await;
    let mut outgoing = rig.outgoing();
    outgoing.template =
        Some(Template { name: "membership_ends".into(), language: "id".into(), parameters: vec!["7 hari".into()] });
    assert_eq!(rig.provider.send(&outgoing).await.name(), "accepted");
    let asked = rig.http().last();
    assert!(asked.path.ends_with("/messages") && asked.path.starts_with("/v23.0/"), "{}", asked.path);
    let body = asked.json();
    assert_eq!(body["template"]["name"], "membership_ends");
    assert_eq!(body["biz_opaque_callback_data"], outgoing.delivery_id.to_string());
}

// ---- the addresses of services ----

/// Requirements §7: a base URL without `/api` answers 200 with a page, and that was counted as sent.
#[tokio::test]
async fn a_base_url_may_have_its_path_or_not() {
    for (way, paths) in [
        (MAILKETING[0], ["", "/", "/api", "/api/", "/api/v1", "/api/v1/send"]),
        (MAILKETING[1], ["", "/", "/api", "/api/", "/api/v1", "/api/v2/send"]),
        (Way::Starsender, ["", "/", "/api", "/api/", "/api/send", "/api/send/"]),
        (ONESIGNAL[1], ["", "/", "/api", "/api/v1", "/api/v1/", "/api/v1/notifications"]),
    ] {
        let rig = Rig::start(way).await;
        for path in paths {
            let provider = crate::rig::provider_at(way, &format!("{}{path}", rig.http().url()), &crate::rig::patient());
            let outcome = provider.send(&rig.outgoing()).await;
            assert_eq!(outcome.name(), "accepted", "{way:?} {path}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn what_has_no_answer_there_is_misconfigured() {
    for way in [MAILKETING[0], MAILKETING[1], Way::Starsender, ONESIGNAL[0], ONESIGNAL[1]] {
        let rig = Rig::start(way).await;
        let provider = crate::rig::provider_at(way, &format!("{}/elsewhere", rig.http().url()), &crate::rig::patient());
        let outgoing = rig.outgoing();
        assert_eq!(provider.send(&outgoing).await.name(), "misconfigured", "{way:?}");
        assert_eq!(rig.sends_of(&outgoing), 0);
    }
}
