//! What is stored only sometimes, or in one of several forms, beside the golden files, which have one sample of each event.

use super::*;

/// One event, six things that can be wished: each is stored in its own form.
#[test]
fn every_arrangement_is_stored_in_its_form() {
    for (arrangement, form) in [
        (Arrangement::Muted { until: None }, json!({ "is": "muted" })),
        (Arrangement::Muted { until: Some(noon()) }, json!({ "is": "muted", "until": "2026-11-22T12:00:00.000Z" })),
        (Arrangement::Unmuted, json!({ "is": "unmuted" })),
        (Arrangement::Pinned, json!({ "is": "pinned" })),
        (Arrangement::Unpinned, json!({ "is": "unpinned" })),
        (Arrangement::Archived { seq: 42 }, json!({ "is": "archived", "seq": 42 })),
        (Arrangement::Unarchived, json!({ "is": "unarchived" })),
    ] {
        let event = DomainEvent::Participant(ParticipantEvent::RoomArranged(arranged(arrangement)));
        assert_eq!(payload_of(&event)["arrangement"], form);
        assert_eq!(load(&event, "1", &event.to_json().expect("JSON")).expect("loads"), event);
    }
}

/// One event, three things that can be reported.
#[test]
fn every_subject_of_a_report_is_stored_in_its_form() {
    let (room, message) = (room_id().to_string(), message_id(2).to_string());
    for (subject, form) in [
        (
            Subject::Message { room_id: room_id(), message_id: message_id(2), author_id: user("cici") },
            json!({ "kind": "message", "room_id": room, "message_id": message, "author_id": "cici" }),
        ),
        (Subject::User { user_id: user("cici") }, json!({ "kind": "user", "user_id": "cici" })),
        (Subject::Room { room_id: room_id() }, json!({ "kind": "room", "room_id": room })),
    ] {
        let (report_id, reporter_id, reason) = (report_id(), user("ana"), sealed("spam"));
        let filed = ReportFiled { report_id, reporter_id, subject, reason, at: noon() };
        let event = DomainEvent::Report(ReportEvent::ReportFiled(filed));
        assert_eq!(payload_of(&event)["subject"], form);
        assert_eq!(load(&event, "1", &event.to_json().expect("JSON")).expect("loads"), event);
    }
    for resolution in Resolution::ALL {
        assert_eq!(serde_json::to_value(resolution).expect("JSON"), json!(resolution.name()));
    }
}

/// Every reason and every input of a decision, and what a notification says of its channels since they are decided on.
#[test]
fn every_decision_is_stored_in_its_form() {
    let reasons = [
        (Suppression::Blocked, "blocked"),
        (Suppression::RoomMuted, "room_muted"),
        (Suppression::ChannelOff, "channel_off"),
        (Suppression::TypeOff, "type_off"),
        (Suppression::MatrixOff, "matrix_off"),
        (Suppression::NotSubscribed, "not_subscribed"),
        (Suppression::TopicChannelOff, "topic_channel_off"),
        (Suppression::InRoom, "in_room"),
        (Suppression::NoAddress, "no_address"),
        (Suppression::NotConfigured, "not_configured"),
        (Suppression::Read, "read"),
        (Suppression::Deleted, "deleted"),
        (Suppression::Gone, "gone"),
    ];
    for (reason, name) in reasons {
        let decision = serde_json::to_value(Decision::Suppressed { reason }).expect("JSON");
        assert_eq!(decision, json!({"kind": "suppressed", "reason": name}));
    }
    let inputs = Inputs {
        switched_off: Some(Switch::TypeGroup),
        silenced: Some(Silence::RoomMuted),
        topic: Some(TopicTaken::WithoutChannel),
        quiet_until: Some(noon()),
        critical: true,
        in_room: true,
        no_address: true,
        not_configured: true,
    };
    let decided = Decided { decision: Decision::Scheduled { due: noon() }, inputs };
    let form = json!({
        "decision": {"kind": "scheduled", "due": "2026-11-22T12:00:00.000Z"},
        "inputs": {"switched_off": "type_group", "silenced": "room_muted", "topic": "without_channel",
            "quiet_until": "2026-11-22T12:00:00.000Z", "critical": true, "in_room": true, "no_address": true,
            "not_configured": true},
    });
    assert_eq!(serde_json::to_value(&decided).expect("JSON"), form);

    let raised = samples().into_iter().find_map(|event| match event {
        DomainEvent::Notification(NotificationEvent::NotificationRaised(event)) => Some(event),
        _ => None,
    });
    let raised = NotificationRaised {
        channels: Some(Channels::of(&[Channel::InApp, Channel::Push])),
        critical: true,
        topic: Some(topic()),
        room_id: Some(room_id()),
        related: Related { post_id: Some("p-1".into()), transaction_id: Some("t-1".into()), ..Related::default() },
        content: Some(sealed("{}")),
        locale: Some("en".into()),
        erased_before: 1,
        in_app: Some(decided),
        ..raised.expect("a sample")
    };
    let event = DomainEvent::Notification(NotificationEvent::NotificationRaised(raised));
    let payload = payload_of(&event);
    assert_eq!(payload["channels"], json!(["IN_APP", "PUSH"]));
    assert_eq!((&payload["in_app"], &payload["critical"]), (&form, &json!(true)));
    assert_eq!(payload["related"], json!({"post_id": "p-1", "transaction_id": "t-1"}));
    assert_eq!((&payload["locale"], &payload["erased_before"]), (&json!("en"), &json!(1)));
    assert!(payload["content"].as_str().is_some_and(|content| content.starts_with("s1.")));
    assert_eq!((&payload["topic"]["kind"], &payload["room_id"]), (&json!("COURSE"), &json!(room_id().to_string())));
    assert_eq!(load(&event, "1", &payload.to_string()).expect("loads"), event);
}

/// Everything that may come of an attempt.
#[test]
fn every_end_of_an_attempt_is_stored_in_its_form() {
    let ended = samples().into_iter().find_map(|event| match event {
        DomainEvent::Notification(NotificationEvent::AttemptEnded(event)) => Some(event),
        _ => None,
    });
    let ended = ended.expect("a sample");
    let due = "2026-11-22T12:00:00.000Z";
    for (became, form) in [
        (Became::Accepted, json!({"kind": "accepted"})),
        (Became::Deferred { due: noon(), provider: None }, json!({"kind": "deferred", "due": due})),
        (
            Became::Deferred { due: noon(), provider: Some("smtp".into()) },
            json!({"kind": "deferred", "due": due, "provider": "smtp"}),
        ),
        (Became::Rejected, json!({"kind": "rejected"})),
        (Became::Abandoned, json!({"kind": "abandoned"})),
    ] {
        let outcome = AttemptOutcome {
            kind: OutcomeKind::Accepted,
            reason: None,
            provider_id: Some("m-1".into()),
            after_ms: None,
        };
        let ended = AttemptEnded { became, outcome, ..ended.clone() };
        let event = DomainEvent::Notification(NotificationEvent::AttemptEnded(ended));
        let payload = payload_of(&event);
        assert_eq!(payload["became"], form);
        assert_eq!(payload["outcome"], json!({"kind": "accepted", "provider_id": "m-1"}));
        assert_eq!(load(&event, "1", &payload.to_string()).expect("loads"), event);
    }
}

/// What a message and a room say only sometimes.
#[test]
fn what_is_said_sometimes_is_stored_in_its_form() {
    let [DomainEvent::Room(RoomEvent::RoomOpened(opened)), ..] = &samples()[..] else { panic!("a room") };
    let from_join = RoomOpened { history_from: HistoryFrom::Join, kind: RoomKind::MentorStudent, ..opened.clone() };
    let event = DomainEvent::Room(RoomEvent::RoomOpened(from_join));
    let payload = payload_of(&event);
    assert_eq!((&payload["history_from"], &payload["kind"]), (&json!("join"), &json!("mentor_student")));
    assert_eq!(load(&event, "1", &payload.to_string()).expect("loads"), event);

    let forwarded = Forwarded { room_id: room_id(), message_id: message_id(1), author_id: user("dewi") };
    let event = DomainEvent::Room(RoomEvent::MessageSent(MessageSent {
        mentions: vec![user("ben")],
        mentions_all: true,
        forwarded: Some(forwarded.clone()),
        ..sent()
    }));
    let payload = payload_of(&event);
    assert_eq!((&payload["mentions"], &payload["mentions_all"]), (&json!(["ben"]), &json!(true)));
    assert_eq!(payload["forwarded"], serde_json::to_value(&forwarded).expect("JSON"));
    assert_eq!(load(&event, "1", &payload.to_string()).expect("loads"), event);
}

/// What is known of an upload, all of it and as little as there may be.
#[test]
fn what_a_message_says_of_its_file_is_stored_in_its_form() {
    let name = "s1.Zm9yLWV4YW1wbGUtb25seQ666f746f2e706e67";
    let whole = AttachedFile { name: Some(sealed("foto.png")), bytes: 48_213, width: Some(640), height: Some(480) };
    let least = AttachedFile { name: None, bytes: 9_007_199_254_740_991, width: None, height: None };
    for (file, form) in [
        (whole, json!({ "name": name, "bytes": 48_213, "width": 640, "height": 480 })),
        (least, json!({ "bytes": 9_007_199_254_740_991_u64 })),
    ] {
        let attachment = Attachment { file: Some(file), ..sent().attachment.expect("it has one") };
        let event = DomainEvent::Room(RoomEvent::MessageSent(MessageSent { attachment: Some(attachment), ..sent() }));
        let payload = payload_of(&event);
        assert_eq!(payload["attachment"]["file"], form);
        assert_eq!(load(&event, "1", &payload.to_string()).expect("loads"), event);
    }
}

fn sent() -> MessageSent {
    let is_sent = |event| if let DomainEvent::Room(RoomEvent::MessageSent(event)) = event { Some(event) } else { None };
    samples().into_iter().find_map(is_sent).expect("a message")
}
