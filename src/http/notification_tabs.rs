//! The tabs of the notification page (requirements §3): every type is in exactly one.

use aggregates::notification::NotificationType;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    All,
    Comment,
    Transaction,
    Course,
    Event,
    Chat,
    Affiliate,
    System,
    Achievement,
}

impl Tab {
    pub const ALL: [Self; 9] = [
        Self::All,
        Self::Comment,
        Self::Transaction,
        Self::Course,
        Self::Event,
        Self::Chat,
        Self::Affiliate,
        Self::System,
        Self::Achievement,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Comment => "comment",
            Self::Transaction => "transaction",
            Self::Course => "course",
            Self::Event => "event",
            Self::Chat => "chat",
            Self::Affiliate => "affiliate",
            Self::System => "system",
            Self::Achievement => "achievement",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.name() == name)
    }

    /// `None`: every type.
    pub const fn kinds(self) -> Option<&'static [NotificationType]> {
        use NotificationType as Type;
        match self {
            Self::All => None,
            Self::Comment => Some(&[Type::Comment, Type::CommentReply, Type::Mention, Type::Post, Type::ProductReview]),
            Self::Transaction => Some(&[Type::Transaction, Type::Membership]),
            Self::Course => Some(&[Type::CourseDiscussion, Type::CourseEnrolled, Type::ContentUpdate]),
            Self::Event => Some(&[Type::EventReminder]),
            Self::Chat => Some(&[Type::ChatMessage]),
            Self::Affiliate => Some(&[Type::Affiliate]),
            Self::System => Some(&[Type::System, Type::Follower]),
            Self::Achievement => Some(&[Type::Achievement]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_in_exactly_one_tab() {
        for kind in NotificationType::ALL {
            let tabs = Tab::ALL.into_iter().filter(|tab| tab.kinds().is_some_and(|kinds| kinds.contains(&kind)));
            assert_eq!(tabs.count(), 1, "{kind:?}");
        }
    }

    #[test]
    fn the_manual_tells_of_every_tab_with_its_types() {
        let manual = include_str!("../../docs/http.md");
        for tab in Tab::ALL {
            let kinds =
                tab.kinds().map(|kinds| kinds.iter().map(|kind| format!("`{}`", kind.name())).collect::<Vec<_>>());
            let line =
                format!("- `{}`: {}", tab.name(), kinds.map_or("every type".to_owned(), |kinds| kinds.join(", ")));
            assert!(manual.lines().any(|told| told == line), "{line}");
        }
    }
}
