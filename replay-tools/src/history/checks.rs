//! What values of lines must look like: the limits that requests have, so that nothing comes in by the back door that the
//! front door refuses.
//!
//! U+0000 is refused in every text: no database column can hold it.

use aggregates::ids::is_platform_id;
use aggregates::limits::{CLAIM_CHARS_MAX, NAME_CHARS_MAX, URL_BYTES_MAX};
use aggregates::room::{CONTENT_CHARS_MAX, MEMBERS_PER_COMMAND_MAX, is_media_type};
use attachments::UploadId;

use super::line::{EditLine, JoinLine, Line, MessageLine, NotificationLine, Refused, RoomLine, RoomShape, UserLine};

/// Bytes of a file elsewhere, which may be larger than an upload: as far as every reader of JSON counts exactly.
const ATTACHMENT_BYTES_MAX: u64 = (1 << 53) - 1;
/// Characters of a source's own ids.
pub const SOURCE_ID_CHARS_MAX: usize = 512;

type Checked = Result<(), Refused>;

pub fn check(line: &Line) -> Checked {
    match line {
        Line::User(line) => user(line),
        Line::Room(line) => room(line),
        Line::Join(line) => join(line),
        Line::Leave(line) => in_room(line.id.as_deref(), &line.room),
        Line::Role(line) => in_room(line.id.as_deref(), &line.room),
        Line::Rename(line) => {
            in_room(line.id.as_deref(), &line.room)?;
            filled("name", line.name.as_deref(), NAME_CHARS_MAX)?;
            known(&line.erased, &line.lost, &["name"])?;
            gone("name", line.name.is_some(), &line.erased, &line.lost)
        }
        Line::Avatar(line) => {
            in_room(line.id.as_deref(), &line.room)?;
            https_url("avatar", line.avatar.as_deref())?;
            known(&line.erased, &line.lost, &["avatar"])?;
            gone("avatar", line.avatar.is_some(), &line.erased, &line.lost)
        }
        Line::Rules(line) if line.join_policy.is_none() && line.slow_mode_seconds.is_none() => {
            Err(Refused::new("line", "joinPolicy or slowModeSeconds, or both"))
        }
        Line::Rules(line) => in_room(line.id.as_deref(), &line.room),
        Line::Close(line) | Line::Reopen(line) => in_room(line.id.as_deref(), &line.room),
        Line::Message(line) => message(line),
        Line::Edit(line) => edit(line),
        Line::Delete(line) => of_message(line.id.as_deref(), &line.room, &line.message),
        Line::React(line) | Line::Unreact(line) => of_message(line.id.as_deref(), &line.room, &line.message),
        Line::Pin(line) | Line::Unpin(line) => of_message(line.id.as_deref(), &line.room, &line.message),
        Line::Read(line) => in_room(line.id.as_deref(), &line.room).and(source_id("upTo", &line.up_to)),
        Line::Follow(line) | Line::Unfollow(line) | Line::Block(line) | Line::Unblock(line) => {
            own_id(line.id.as_deref())
        }
        Line::Notification(line) => notification(line),
        Line::NotificationRead(line)
        | Line::NotificationUnread(line)
        | Line::NotificationClicked(line)
        | Line::NotificationArchived(line)
        | Line::NotificationUnarchived(line)
        | Line::NotificationDeleted(line) => {
            own_id(line.id.as_deref()).and(source_id("notification", &line.notification))
        }
        Line::FeedRead(line) => own_id(line.id.as_deref()),
        Line::Erasure(_) => Ok(()),
    }
}

fn user(line: &UserLine) -> Checked {
    let fields = [
        ("name", &line.name),
        ("username", &line.username),
        ("avatar", &line.avatar),
        ("email", &line.email),
        ("phone", &line.phone),
    ];
    for (field, value) in fields {
        filled(field, value.as_deref(), CLAIM_CHARS_MAX)?;
        gone(field, value.is_some(), &line.erased, &line.lost)?;
    }
    known(&line.erased, &line.lost, &fields.map(|(field, _)| field))
}

fn room(line: &RoomLine) -> Checked {
    source_id("id", &line.id)?;
    known(&line.erased, &line.lost, &["name", "avatar"])?;
    let named = line.name.is_some() || line.erased.iter().chain(&line.lost).any(|field| field == "name");
    match line.shape {
        RoomShape::Group if !named => Err(Refused::new("name", "a group has a name")),
        RoomShape::Group if line.members.len() > MEMBERS_PER_COMMAND_MAX => {
            Err(Refused::new("members", format!("at most {MEMBERS_PER_COMMAND_MAX}; bring the others by join lines")))
        }
        RoomShape::MentorStudent if line.mentor.is_none() => {
            Err(Refused::new("mentor", "which of the two is the mentor"))
        }
        RoomShape::Support if !line.members.is_empty() => {
            Err(Refused::new("members", "whoever comes to help comes by a join line"))
        }
        RoomShape::Direct | RoomShape::Group | RoomShape::MentorStudent | RoomShape::Support => Ok(()),
    }?;
    has_none(line)?;
    filled("name", line.name.as_deref(), NAME_CHARS_MAX)?;
    gone("name", line.name.is_some(), &line.erased, &line.lost)?;
    gone("avatar", line.avatar.is_some(), &line.erased, &line.lost)?;
    https_url("avatar", line.avatar.as_deref())
}

/// What only rooms of other kinds have.
fn has_none(line: &RoomLine) -> Checked {
    let (group, support) = (line.shape == RoomShape::Group, line.shape == RoomShape::Support);
    let fields = [
        ("name", line.name.is_some(), group || support),
        ("avatar", line.avatar.is_some(), group),
        ("groupId", line.group_id.is_some(), group),
        ("joinPolicy", line.join_policy.is_some(), group),
        ("historyFrom", line.history_from.is_some(), group),
        ("mentor", line.mentor.is_some(), line.shape == RoomShape::MentorStudent),
    ];
    match fields.iter().find(|(_, there, may)| *there && !may) {
        Some((field, ..)) => Err(Refused::new(*field, "a room of this type has none")),
        None => Ok(()),
    }
}

fn join(line: &JoinLine) -> Checked {
    own_id(line.id.as_deref())?;
    source_id("room", &line.room)?;
    match line.users.len() {
        0 => Err(Refused::new("users", "names nobody")),
        1..=MEMBERS_PER_COMMAND_MAX if line.by.is_some() || line.users.len() == 1 => Ok(()),
        1..=MEMBERS_PER_COMMAND_MAX => Err(Refused::new("by", "missing: several are brought by somebody")),
        _ => Err(Refused::new("users", format!("at most {MEMBERS_PER_COMMAND_MAX} at a time"))),
    }
}

/// What is known of a file is known together: what it is called and how large a picture it is goes with its bytes.
fn attached_file(line: &MessageLine, attached: bool) -> Checked {
    gone("attachmentName", line.attachment_name.is_some(), &line.erased, &line.lost)?;
    line.attachment_name.iter().try_for_each(|name| text("attachmentName", name, NAME_CHARS_MAX))?;
    let is_gone = line.erased.iter().chain(&line.lost).any(|gone| gone == "attachmentName");
    let said =
        [line.attachment_width.is_some(), line.attachment_height.is_some(), line.attachment_name.is_some(), is_gone];
    match line.attachment_size {
        Some(_) if !attached => Err(Refused::new("attachmentSize", "without an attachment")),
        Some(bytes) if bytes > ATTACHMENT_BYTES_MAX => {
            Err(Refused::new("attachmentSize", format!("at most {ATTACHMENT_BYTES_MAX} bytes")))
        }
        None if said.contains(&true) => Err(Refused::new("attachmentSize", "missing: it comes with the other facts")),
        Some(_) | None => Ok(()),
    }
}

fn message(line: &MessageLine) -> Checked {
    source_id("id", &line.id)?;
    source_id("room", &line.room)?;
    known(&line.erased, &line.lost, &["content", "attachmentUrl", "attachmentName", "clientMessageId"])?;
    text("content", &line.content, CONTENT_CHARS_MAX)?;
    gone("content", !line.content.is_empty(), &line.erased, &line.lost)?;
    gone("attachmentUrl", line.attachment_url.is_some(), &line.erased, &line.lost)?;
    gone("clientMessageId", line.client_message_id.is_some(), &line.erased, &line.lost)?;
    let is_gone = |field: &str| line.erased.iter().chain(&line.lost).any(|gone| gone == field);
    let attached = line.attachment_url.is_some() || is_gone("attachmentUrl");
    if line.content.is_empty() && !is_gone("content") && !attached {
        return Err(Refused::new("content", "must not be empty without an attachment"));
    }
    if line.attachment_type.is_some() && !attached {
        return Err(Refused::new("attachmentType", "without an attachment"));
    }
    attached_file(line, attached)?;
    // Of an upload the address is history; the file is no part of an export.
    let elsewhere = line.attachment_url.as_deref().filter(|address| UploadId::of_address(address).is_none());
    https_url("attachmentUrl", elsewhere)?;
    if line.attachment_type.as_deref().is_some_and(|text| !is_media_type(text)) {
        return Err(Refused::new("attachmentType", "a media type such as image/png"));
    }
    if let Some(target) = &line.reply_to {
        source_id("replyTo", target)?;
    }
    if let Some(first) = &line.forwarded {
        source_id("forwarded.room", &first.room)?;
        source_id("forwarded.message", &first.message)?;
    }
    match &line.client_message_id {
        Some(key) if !((1..=200).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())) => {
            Err(Refused::new("clientMessageId", "1 to 200 visible ASCII characters"))
        }
        Some(_) | None => Ok(()),
    }
}

fn edit(line: &EditLine) -> Checked {
    of_message(line.id.as_deref(), &line.room, &line.message)?;
    known(&line.erased, &line.lost, &["content"])?;
    text("content", &line.content, CONTENT_CHARS_MAX)?;
    gone("content", !line.content.is_empty(), &line.erased, &line.lost)
}

fn of_message(id: Option<&str>, room: &str, message: &str) -> Checked {
    in_room(id, room).and(source_id("message", message))
}

fn in_room(id: Option<&str>, room: &str) -> Checked {
    own_id(id).and(source_id("room", room))
}

fn notification(line: &NotificationLine) -> Checked {
    source_id("id", &line.id)?;
    platform_id("sourceType", &line.source_type)?;
    platform_id("sourceId", &line.source_id)
}

fn own_id(id: Option<&str>) -> Checked {
    id.map_or(Ok(()), |id| source_id("id", id))
}

fn source_id(field: &str, id: &str) -> Checked {
    filled(field, Some(id), SOURCE_ID_CHARS_MAX)
}

/// What an entry is about stays when its recipient is erased: a name of a thing, and no text.
fn platform_id(field: &str, id: &str) -> Checked {
    if is_platform_id(id) {
        return Ok(());
    }
    Err(Refused::new(field, "1 to 128 characters of A-Z a-z 0-9 _ - = @ , . ;"))
}

fn text(field: &str, text: &str, chars_max: usize) -> Checked {
    if text.contains('\0') {
        return Err(Refused::new(field, "must not contain U+0000"));
    }
    // Counting is only worth it where bytes alone do not say.
    if text.len() > chars_max && text.chars().count() > chars_max {
        return Err(Refused::new(field, format!("at most {chars_max} characters")));
    }
    Ok(())
}

fn filled(field: &str, value: Option<&str>, chars_max: usize) -> Checked {
    match value {
        Some(given) if given.trim().is_empty() => Err(Refused::new(field, "must not be empty")),
        Some(given) => text(field, given, chars_max),
        None => Ok(()),
    }
}

fn https_url(field: &str, value: Option<&str>) -> Checked {
    let Some(text) = value else { return Ok(()) };
    if text.len() > URL_BYTES_MAX {
        return Err(Refused::new(field, format!("at most {URL_BYTES_MAX} bytes")));
    }
    if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
        return Err(Refused::new(field, "no spaces or control characters"));
    }
    let right = url::Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    if right { Ok(()) } else { Err(Refused::new(field, "an https:// address")) }
}

/// What is gone is not there, and is gone in one way.
fn gone(field: &str, there: bool, erased: &[String], lost: &[String]) -> Checked {
    let (erased, lost) = (erased.iter().any(|gone| gone == field), lost.iter().any(|gone| gone == field));
    match (there, erased, lost) {
        (true, true, _) => Err(Refused::new("erased", format!("{field} is there and gone"))),
        (true, false, true) => Err(Refused::new("lost", format!("{field} is there and gone"))),
        (false, true, true) => Err(Refused::new("lost", format!("{field} is erased"))),
        (true, false, false) | (false, ..) => Ok(()),
    }
}

fn known(erased: &[String], lost: &[String], fields: &[&str]) -> Checked {
    for (name, gone) in [("erased", erased), ("lost", lost)] {
        if let Some(unknown) = gone.iter().find(|gone| !fields.contains(&gone.as_str())) {
            return Err(Refused::new(name, format!("{unknown:?} is none of {}", fields.join(", "))));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(fields: &str) -> String {
        let text = format!("{{\"at\":\"2026-01-01T00:00:00Z\",{fields}}}");
        check(&Line::parse(text.as_bytes()).expect("a line")).expect_err(&text).field
    }

    #[test]
    fn what_a_request_may_not_hold_a_line_may_not_hold_either() {
        let message = "\"kind\":\"message\",\"id\":\"1\",\"room\":\"r\",\"from\":\"ana\"";
        assert_eq!(refused(message), "content");
        assert_eq!(refused(&format!("{message},\"content\":\"{}\"", "x".repeat(8_001))), "content");
        assert_eq!(refused(&format!("{message},\"content\":\"a\\u0000\"")), "content");
        assert_eq!(refused(&format!("{message},\"attachmentUrl\":\"http://a.example/b\"")), "attachmentUrl");
        assert_eq!(refused(&format!("{message},\"content\":\"a\",\"clientMessageId\":\"a b\"")), "clientMessageId");
        assert_eq!(refused(&format!("{message},\"content\":\"a\",\"erased\":[\"content\"]")), "erased");
        assert_eq!(refused(&format!("{message},\"content\":\"a\",\"lost\":[\"content\"]")), "lost");
        assert_eq!(refused(&format!("{message},\"erased\":[\"content\"],\"lost\":[\"content\"]")), "lost");
        assert_eq!(refused(&format!("{message},\"lost\":[\"name\"]")), "lost");
        let file = format!("{message},\"attachmentUrl\":\"https://a.example/b\",\"attachmentType\"");
        assert_eq!(refused(&format!("{file}:\"my secret words\"")), "attachmentType");
        assert_eq!(refused(&format!("{message},\"erased\":[\"clientMessageId\"]")), "content");
        let entry = "\"kind\":\"notification\",\"id\":\"1\",\"user\":\"ana\",\"type\":\"FOLLOWER\"";
        assert_eq!(refused(&format!("{entry},\"sourceType\":\"a b\",\"sourceId\":\"1\"")), "sourceType");
        assert_eq!(refused(&format!("{entry},\"sourceType\":\"user\",\"sourceId\":\"a b\"")), "sourceId");
        let room = "\"kind\":\"room\",\"id\":\"1\",\"by\":\"ana\",\"type\"";
        assert_eq!(refused(&format!("{room}:\"group\"")), "name");
        assert_eq!(refused(&format!("{room}:\"direct\",\"name\":\"x\"")), "name");
        assert_eq!(refused(&format!("{room}:\"direct\",\"mentor\":\"ana\"")), "mentor");
        assert_eq!(refused(&format!("{room}:\"mentorStudent\"")), "mentor");
        assert_eq!(refused(&format!("{room}:\"support\",\"members\":[\"ben\"]")), "members");
        assert_eq!(refused(&format!("{room}:\"support\",\"historyFrom\":\"join\"")), "historyFrom");
        let forwarded = "\"forwarded\":{\"room\":\"r\",\"message\":\" \",\"author\":\"ben\"}";
        assert_eq!(refused(&format!("{message},\"content\":\"a\",{forwarded}")), "forwarded.message");
        let edit = "\"kind\":\"edit\",\"room\":\"r\",\"message\":\"1\",\"from\":\"ana\"";
        assert_eq!(refused(&format!("{edit},\"content\":\"{}\"", "x".repeat(8_001))), "content");
        assert_eq!(refused("\"kind\":\"rules\",\"room\":\"r\",\"by\":\"ana\""), "line");
        assert_eq!(refused("\"kind\":\"rename\",\"room\":\"r\",\"by\":\"ana\",\"name\":\" \""), "name");
        assert_eq!(refused("\"kind\":\"join\",\"room\":\"r\",\"users\":[]"), "users");
        assert_eq!(refused("\"kind\":\"join\",\"room\":\"r\",\"users\":[\"a\",\"b\"]"), "by");
        assert_eq!(refused("\"kind\":\"user\",\"id\":\"ana\",\"name\":\" \""), "name");
    }
    #[test]
    fn what_is_known_of_a_file_comes_with_its_size_and_with_a_file() {
        let message = "\"kind\":\"message\",\"id\":\"1\",\"room\":\"r\",\"from\":\"ana\",\"content\":\"a\"";
        let file = format!("{message},\"attachmentUrl\":\"https://a.example/b\"");
        let taken = |fields: &str| {
            let text = format!("{{\"at\":\"2026-01-01T00:00:00Z\",{fields}}}");
            let line = Line::parse(text.as_bytes()).expect("a line");
            check(&line).unwrap_or_else(|refused| panic!("{text}: {}: {}", refused.field, refused.reason));
        };
        let (size, name) = ("\"attachmentSize\":1", "\"attachmentName\":\"1.png\"");
        taken(&format!("{file},{size},{name},\"attachmentWidth\":640,\"attachmentHeight\":480"));
        taken(&format!("{file},{size}"));
        taken(&format!("{file},{size},\"erased\":[\"attachmentName\"]"));
        taken(&format!("{message},{size},\"erased\":[\"attachmentUrl\",\"attachmentName\"]"));
        taken(&format!("{file},\"attachmentSize\":9007199254740991"));
        assert_eq!(refused(&format!("{file},\"attachmentSize\":9007199254740992")), "attachmentSize");
        assert_eq!(refused(&format!("{message},{size}")), "attachmentSize");
        for fact in [name, "\"attachmentWidth\":640", "\"attachmentHeight\":480", "\"erased\":[\"attachmentName\"]"] {
            assert_eq!(refused(&format!("{file},{fact}")), "attachmentSize", "{fact} without a size");
        }
        for gone in ["erased", "lost"] {
            assert_eq!(refused(&format!("{file},{size},{name},\"{gone}\":[\"attachmentName\"]")), gone);
        }
        let long = format!("\"attachmentName\":\"{}\"", "x".repeat(NAME_CHARS_MAX + 1));
        assert_eq!(refused(&format!("{file},{size},{long}")), "attachmentName");
        assert_eq!(refused(&format!("{file},{size},\"attachmentName\":\"a\\u0000\"")), "attachmentName");
    }
}
