//! What is said outside: the platform's own words, else those of the type's template, in the language of whoever reads.

use std::collections::BTreeMap;

use aggregates::ids::DeliveryId;
use aggregates::policy::content::Content;
use aggregates::policy::retrying::OutcomeKind;
use projections::feed::NotificationRow;
use providers::{Address, Outgoing};
use url::Url;

use super::attempt::Unsendable;
use crate::directory::Directory;
use crate::wire;

/// Ready to be sent but for the address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words(Content);

impl Words {
    pub async fn of(row: &NotificationRow, directory: &Directory) -> Result<Self, Unsendable> {
        let Ok(actor) = directory_entry(row, directory).await else {
            return Err(Unsendable(OutcomeKind::Unavailable, "the directory could not be read"));
        };
        let content = wire::notification::words(row, actor.as_deref());
        if content.title.is_empty() && content.message.is_empty() {
            return Err(Unsendable(OutcomeKind::Refused, "there are no words for it"));
        }
        Ok(Self(content))
    }

    /// With absolute links: `base` is what the platform's paths are put behind.
    pub fn outgoing(self, id: DeliveryId, to: Address, row: &NotificationRow, base: Option<&Url>) -> Outgoing {
        let Self(content) = self;
        let link = content.redirect_url.as_deref().or(content.link.as_deref());
        let absolute = |link: &str| absolute(link, base);
        let mut outgoing = Outgoing::new(id.0, to, content.title, content.message);
        outgoing.link = link.and_then(absolute);
        outgoing.image = content.image.as_deref().and_then(absolute);
        outgoing.icon = content.icon.as_deref().and_then(absolute);
        outgoing.data = BTreeMap::from([
            ("notificationId".to_owned(), row.id.to_string()),
            ("type".to_owned(), row.kind.name().to_owned()),
        ]);
        if let Some(link) = link {
            outgoing.data.insert("link".to_owned(), link.to_owned());
        }
        outgoing
    }
}

async fn directory_entry(
    row: &NotificationRow,
    directory: &Directory,
) -> Result<Option<std::sync::Arc<projections::inbox::UserRow>>, projections::ReadError> {
    match &row.actor_id {
        Some(actor) => directory.person(actor).await,
        None => Ok(None),
    }
}

/// A path of the platform behind its base, whatever stands there; an address of its own as it is.
fn absolute(link: &str, base: Option<&Url>) -> Option<Url> {
    if !link.starts_with('/') {
        return Url::parse(link).ok().filter(|url| url.scheme() == "https");
    }
    let base = base?;
    let text = format!("{}{link}", base.as_str().trim_end_matches('/'));
    Url::parse(&text).ok().filter(|url| url.origin() == base.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_absolute_and_lead_to_the_platform_or_where_they_say() {
        let base: Url = "https://platform.example/app/".parse().expect("an address");
        let link = |link: &str| absolute(link, Some(&base)).map(String::from);
        assert_eq!(link("/posts/1#comment-2").as_deref(), Some("https://platform.example/app/posts/1#comment-2"));
        assert_eq!(link("https://elsewhere.example/x").as_deref(), Some("https://elsewhere.example/x"));
        for wrong in ["javascript:alert(1)", "http://a.id/x", "posts/1", ""] {
            assert_eq!(link(wrong), None, "{wrong}");
        }
        assert_eq!(absolute("/posts/1", None), None, "a path alone leads nowhere from outside");
        assert_eq!(link("/@elsewhere.example/").as_deref(), Some("https://platform.example/app/@elsewhere.example/"));
    }
}
