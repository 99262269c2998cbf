//! What people report, and what the platform's admins do about it (requirements R6).

use aggregates::user::UserRole;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::{SERVICE_KEY, TestApp};
use super::on_every_backend;
use super::person::{Person, answer, text};

on_every_backend![
    a_message_is_reported_by_whoever_could_read_it,
    a_person_or_a_room_is_reported_by_whoever_may_see_it,
    the_same_thing_is_reported_once_until_it_is_resolved,
    reports_are_seen_and_resolved_by_the_platforms_admins_alone,
    a_report_is_resolved_once,
    reports_are_paged_by_status_the_latest_first,
    an_admin_sees_a_reported_message_as_it_is_now,
    promise_9_words_in_reports_go_with_whoever_wrote_them_and_whom_they_are_about,
    nobody_is_told_of_a_report,
];

async fn reports(person: &Person, about: Value) -> super::person::Answer {
    let mut body = json!({"reason": "spam"});
    body.as_object_mut().expect("an object").extend(about.as_object().expect("an object").clone());
    person.post("/api/reports", body).await
}

/// Answers with the report.
async fn files(person: &Person, about: Value) -> Value {
    reports(person, about).await.ok()["report"].clone()
}

async fn resolves(admin: &Person, id: &Value, body: Value) -> super::person::Answer {
    admin.post(&format!("/api/admin/reports/{}/resolve", text(id)), body).await
}

/// As an admin sees it, with what it is about.
async fn seen(admin: &Person, id: &Value) -> Value {
    admin.get(&format!("/api/admin/reports/{}", text(id))).await.ok()
}

async fn admin_of(app: &TestApp) -> Person {
    app.person_as("admin", UserRole::Admin).await
}

async fn group(owner: &Person, more: Value) -> String {
    let mut wish = json!({"name": "Kelas", "joinPolicy": "open"});
    wish.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    text(&owner.post("/api/chat/groups", wish).await.ok()["room"]["id"])
}

/// Who leaves may still report what they read, and nothing of what was said without them.
async fn a_message_is_reported_by_whoever_could_read_it(app: TestApp) {
    let [ana, ben, cici, eve] = app.people(["ana", "ben", "cici", "eve"]).await;
    let room = group(&ana, json!({"memberIds": ["ben"], "historyFrom": "join"})).await;
    let first = ana.sends(&room, "kasar").await["id"].clone();
    let own = ben.sends(&room, "biasa").await["id"].clone();
    cici.post(&format!("/api/chat/groups/{room}/join"), json!({})).await.ok();
    let second = ana.sends(&room, "kasar lagi").await["id"].clone();
    ben.delete(&format!("/api/chat/groups/{room}/members/ben")).await.ok();
    let third = ana.sends(&room, "tanpa ben").await["id"].clone();

    for (who, message, status) in [
        (&ben, &first, 200),
        (&ben, &second, 200),
        (&ben, &third, 404),
        (&cici, &first, 404), // Her history begins with her join.
        (&cici, &second, 200),
        (&cici, &third, 200),
        (&eve, &first, 404),
        (&eve, &third, 404),
    ] {
        let answer = reports(who, json!({"messageId": message})).await;
        assert_eq!(answer.status.as_u16(), status, "{} {message}: {}", who.id, answer.body);
        if status == 200 {
            let report = &answer.body["report"];
            let about = ["kind", "userId", "roomId", "messageId", "status"].map(|field| report[field].clone());
            assert_eq!(about, [json!("MESSAGE"), json!("ana"), json!(room), message.clone(), json!("OPEN")]);
        }
    }
    let before = app.head().await;
    reports(&ben, json!({"messageId": own})).await.is_problem(422, Some("messageId"));
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn a_person_or_a_room_is_reported_by_whoever_may_see_it(app: TestApp) {
    let [ana, ben, eve] = app.people(["ana", "ben", "eve"]).await;
    let room = group(&ana, json!({"memberIds": ["ben"]})).await;
    let report = files(&ben, json!({"roomId": room})).await;
    assert_eq!((&report["kind"], &report["roomId"], &report["userId"]), (&json!("ROOM"), &json!(room), &Value::Null));
    reports(&eve, json!({"roomId": room})).await.is_problem(404, None);
    ben.delete(&format!("/api/chat/groups/{room}/members/ben")).await.ok();
    ben.post("/api/reports", json!({"roomId": room, "reason": "x"})).await.is_problem(404, None);

    // Whoever blocks somebody does not get rid of their reports.
    ana.post("/api/users/ben/block", json!({})).await.ok();
    let report = files(&ben, json!({"userId": "ana"})).await;
    assert_eq!((&report["kind"], &report["userId"], &report["roomId"]), (&json!("USER"), &json!("ana"), &Value::Null));
    let before = app.head().await;
    reports(&ben, json!({"userId": "ben"})).await.is_problem(422, Some("userId"));
    reports(&ben, json!({"userId": "nobody"})).await.is_problem(404, Some("userId"));
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn the_same_thing_is_reported_once_until_it_is_resolved(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let admin = admin_of(&app).await;
    let first = files(&ben, json!({"userId": "ana", "reason": "pertama"})).await;
    let before = app.head().await;
    let again = files(&ben, json!({"userId": "ana", "reason": "kedua"})).await;
    assert_eq!((&again, app.head().await), (&first, before), "nothing was written");
    let others = files(&admin, json!({"userId": "ana"})).await;
    assert_ne!(others["id"], first["id"], "another reporter's is another report");

    resolves(&admin, &first["id"], json!({"resolution": "DISMISSED", "note": "rahasia"})).await.ok();
    let own = ben.get("/api/reports").await.ok()["reports"].clone();
    assert_eq!((&own[0]["id"], &own[0]["status"]), (&first["id"], &json!("RESOLVED")));
    assert!(own[0]["resolvedAt"].is_string() && !own.to_string().contains("rahasia"), "{own}");
    assert!(!own.to_string().contains("DISMISSED"), "what came of it is not theirs to know: {own}");
    let anew = files(&ben, json!({"userId": "ana", "reason": "ketiga"})).await;
    let told = ["id", "status", "reason", "resolvedAt"].map(|field| anew[field].clone());
    assert_eq!(told, [first["id"].clone(), json!("OPEN"), json!("ketiga"), Value::Null]);
    assert_eq!(ana.get("/api/reports").await.ok()["reports"], json!([]), "one's own alone");

    // Under a key the first answer stands, whatever is asked.
    let keyed = async |about: Value| {
        let request = ben.ask(Method::POST, "/api/reports").header("Idempotency-Key", "k-1").json(&about);
        answer(request).await.ok()["report"].clone()
    };
    let once = keyed(json!({"userId": "admin", "reason": "sekali"})).await;
    assert_eq!(keyed(json!({"userId": "ana", "reason": "lain"})).await, once);
    app.stop().await;
}

async fn reports_are_seen_and_resolved_by_the_platforms_admins_alone(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let mentor = app.person_as("mentor", UserRole::Mentor).await;
    // Owner and admin of a room, which is nothing to the platform.
    group(&ana, json!({"memberIds": ["ben"]})).await;
    let admin = admin_of(&app).await;
    let filed = files(&ben, json!({"userId": "ana"})).await;
    let one = format!("/api/admin/reports/{}", text(&filed["id"]));
    let before = app.head().await;
    for person in [&ana, &ben, &mentor] {
        person.get("/api/admin/reports").await.is_problem(403, None);
        person.get(&one).await.is_problem(403, None);
        resolves(person, &filed["id"], json!({"resolution": "DISMISSED"})).await.is_problem(403, None);
        // Whatever else is wrong: whoever is no admin learns nothing.
        person.get(&format!("/api/admin/reports/{}", Uuid::nil())).await.is_problem(403, None);
        person.post(&format!("{one}/resolve"), json!({"resolution": "NONE"})).await.is_problem(403, None);
    }
    let by_key = app.anonymous(Method::GET, "/api/admin/reports").bearer_auth(SERVICE_KEY);
    answer(by_key).await.is_problem(401, None);
    assert_eq!(app.head().await, before);
    assert_eq!(seen(&admin, &filed["id"]).await["report"]["reason"], json!("spam"));

    // The platform's word comes before that of a session from before.
    let put = app.anonymous(Method::PUT, "/api/users/admin").bearer_auth(SERVICE_KEY);
    let after = answer(put.json(&json!({"role": "MEMBER_FREE"}))).await.position();
    ana.get(&format!("/api/users/admin?after={after}")).await.ok();
    admin.get("/api/admin/reports").await.is_problem(403, None);
    resolves(&admin, &filed["id"], json!({"resolution": "DISMISSED"})).await.is_problem(403, None);
    app.stop().await;
}

async fn a_report_is_resolved_once(app: TestApp) {
    let [_ana, ben] = app.people(["ana", "ben"]).await;
    let admin = admin_of(&app).await;
    let other = app.person_as("other", UserRole::Admin).await;
    let id = files(&ben, json!({"userId": "ana"})).await["id"].clone();
    let wish = json!({"resolution": "USER_WARNED", "note": "sudah ditegur"});
    let resolved = resolves(&admin, &id, wish.clone()).await.ok();
    let report = &resolved["report"];
    let told = ["status", "resolution", "note"].map(|field| report[field].clone());
    assert_eq!(told, [json!("RESOLVED"), json!("USER_WARNED"), json!("sudah ditegur")]);
    assert_eq!((&report["resolvedBy"]["id"], &report["reporter"]["id"]), (&json!("admin"), &json!("ben")));

    let before = app.head().await;
    for (who, body) in [(&admin, wish), (&other, json!({"resolution": "USER_WARNED", "note": "lain"}))] {
        assert_eq!(resolves(who, &id, body).await.ok(), resolved, "the first to do it did it");
    }
    resolves(&other, &id, json!({"resolution": "DISMISSED"})).await.is_problem(409, None);
    let nowhere = json!(Uuid::nil());
    resolves(&other, &nowhere, json!({"resolution": "DISMISSED"})).await.is_problem(404, None);
    assert_eq!(app.head().await, before);
    app.stop().await;
}

async fn reports_are_paged_by_status_the_latest_first(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let admin = admin_of(&app).await;
    let room = ana.room_with(&ben).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let message = ana.sends(&room, &format!("pesan {number}")).await["id"].clone();
        ids.push(files(&ben, json!({"messageId": message})).await["id"].clone());
    }
    for id in [&ids[1], &ids[3]] {
        resolves(&admin, id, json!({"resolution": "DISMISSED"})).await.ok();
    }
    let listed = async |who: &Person, path: &str, query: &str| {
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = who.get(&format!("{path}?limit=2{query}{cursor}")).await.ok();
            let reports = page["reports"].as_array().expect("reports").clone();
            assert!(reports.len() <= 2);
            found.extend(reports.into_iter().map(|report| report["id"].clone()));
            match &page["nextCursor"] {
                Value::Null => return found,
                next => cursor = format!("&cursor={}", text(next)),
            }
        }
    };
    let those = |numbers: &[usize]| numbers.iter().map(|number| ids[*number].clone()).collect::<Vec<_>>();
    let all = "/api/admin/reports";
    assert_eq!(listed(&admin, all, "").await, those(&[4, 3, 2, 1, 0]));
    assert_eq!(listed(&admin, all, "&status=OPEN").await, those(&[4, 2, 0]));
    assert_eq!(listed(&admin, all, "&status=RESOLVED").await, those(&[3, 1]));
    assert_eq!(listed(&ben, "/api/reports", "").await, those(&[4, 3, 2, 1, 0]));
    assert_eq!(listed(&ana, "/api/reports", "").await, Vec::<Value>::new());
    app.stop().await;
}

/// Who is in no room of theirs.
async fn an_admin_sees_a_reported_message_as_it_is_now(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let admin = admin_of(&app).await;
    let room = group(&ana, json!({"memberIds": ["ben"]})).await;
    let message = ana.sends(&room, "kasar").await["id"].clone();
    let report = files(&ben, json!({"messageId": message})).await["id"].clone();
    let told =
        |whole: &Value| ["content", "isEdited", "isDeleted", "isErased"].map(|field| whole["message"][field].clone());
    let whole = seen(&admin, &report).await;
    assert_eq!(told(&whole), [json!("kasar"), json!(false), json!(false), json!(false)]);
    assert_eq!(
        (&whole["message"]["sender"]["id"], &whole["report"]["user"]["name"]),
        (&json!("ana"), &json!("ana the tester"))
    );
    let (id, name) = (&whole["room"]["id"], &whole["room"]["name"]);
    assert_eq!((id, name, &whole["room"]["type"]), (&json!(room), &json!("Kelas"), &json!("GROUP")));
    admin.get(&format!("/api/chat/messages/{}", text(&message))).await.is_problem(404, None);

    let edited = ana.patch("/api/chat/messages", json!({"messageId": message, "content": "halus"})).await.position();
    let path = format!("/api/admin/reports/{}?after=", text(&report));
    let whole = admin.get(&format!("{path}{edited}")).await.ok();
    assert_eq!(told(&whole), [json!("halus"), json!(true), json!(false), json!(false)]);
    let deleted = ana.delete(&format!("/api/chat/messages?id={}", text(&message))).await.position();
    let whole = admin.get(&format!("{path}{deleted}")).await.ok();
    assert_eq!(told(&whole)[..1], [json!("Pesan telah dihapus")]);
    assert_eq!(told(&whole)[2..], [json!(true), json!(false)]);

    let of_room = files(&ben, json!({"roomId": room})).await["id"].clone();
    let whole = seen(&admin, &of_room).await;
    assert_eq!((&whole["message"], &whole["room"]["name"]), (&Value::Null, &json!("Kelas")));
    let of_ana = files(&ben, json!({"userId": "ana"})).await["id"].clone();
    let whole = seen(&admin, &of_ana).await;
    assert_eq!(
        (&whole["message"], &whole["room"], &whole["report"]["user"]["id"]),
        (&Value::Null, &Value::Null, &json!("ana"))
    );
    app.stop().await;
}

async fn promise_9_words_in_reports_go_with_whoever_wrote_them_and_whom_they_are_about(app: TestApp) {
    let [ana, ben, cici] = app.people(["ana", "ben", "cici"]).await;
    let admin = admin_of(&app).await;
    let other = app.person_as("other", UserRole::Admin).await;
    let room = ana.room_with(&ben).await;
    let message = ana.sends(&room, "kasar").await["id"].clone();
    let of_ana = files(&ben, json!({"messageId": message, "reason": "alasan ben"})).await["id"].clone();
    let of_cici = files(&ana, json!({"userId": "cici", "reason": "alasan ana"})).await["id"].clone();
    let of_ben = files(&cici, json!({"userId": "ben", "reason": "alasan cici"})).await["id"].clone();
    for id in [&of_ana, &of_ben] {
        resolves(&admin, id, json!({"resolution": "USER_WARNED", "note": "catatan"})).await.ok();
    }
    let words = async |id: &Value| {
        let whole = seen(&other, id).await;
        ["reason", "note"].map(|field| whole["report"][field].clone())
    };
    let said = |reason: &str| json!(format!("alasan {reason}"));
    let caught_up = async |position| {
        other.get(&format!("/api/admin/reports?after={}", app.token(position))).await.ok();
    };
    assert_eq!(words(&of_ana).await, [said("ben"), json!("catatan")]);
    assert_eq!(words(&of_cici).await, [said("ana"), Value::Null]);

    // Ana: what she wrote, and what was written about her.
    caught_up(app.erases("ana").await).await;
    assert_eq!(words(&of_ana).await, [Value::Null, Value::Null]);
    assert_eq!(words(&of_cici).await, [Value::Null, Value::Null]);
    assert_eq!(words(&of_ben).await, [said("cici"), json!("catatan")], "nobody else's");
    let whole = seen(&other, &of_ana).await;
    let told = ["content", "isDeleted", "isErased"].map(|field| whole["message"][field].clone());
    assert_eq!(told, [json!(""), json!(false), json!(true)]);
    assert_eq!((&whole["report"]["user"]["id"], &whole["report"]["user"]["name"]), (&json!("ana"), &Value::Null));
    assert_eq!(whole["report"]["status"], json!("RESOLVED"), "and what came of it stays");

    // The admin: what they had to say of it.
    caught_up(app.erases("admin").await).await;
    assert_eq!(words(&of_ben).await, [said("cici"), Value::Null]);
    // What is said after that is somebody else's to lose.
    let again = files(&ben, json!({"messageId": message, "reason": "lagi"})).await;
    assert_eq!((&again["id"], &again["reason"]), (&of_ana, &json!("lagi")));
    app.stop().await;
}

/// Neither whom it is about nor the room hears of it.
async fn nobody_is_told_of_a_report(app: TestApp) {
    let [ana, ben] = app.people(["ana", "ben"]).await;
    let admin = admin_of(&app).await;
    let room = ana.room_with(&ben).await;
    let message = ana.sends(&room, "kasar").await;
    let after = text(&message["position"]);
    let id = files(&ben, json!({"messageId": message["id"]})).await["id"].clone();
    let resolved = resolves(&admin, &id, json!({"resolution": "USER_WARNED"})).await.position();
    for person in [&ana, &ben, &admin] {
        let told = person.get(&format!("/api/sync?after={after}")).await.ok();
        assert_eq!(told["events"], json!([]), "{} is told: {told}", person.id);
        let feed = person.get(&format!("/api/notifications?after={resolved}")).await.ok();
        assert_eq!(feed["notifications"], json!([]), "{}", person.id);
    }
    app.stop().await;
}
