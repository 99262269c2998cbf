//! The services outside, as sections `push`, `email` and `whatsapp` have them: what is wrong with them, and what is said of
//! those that are right.
//!
//! What a service needs it knows itself (crate `providers`). Never in here: anything about a single one.

use providers::{DeliveryChannel, InvalidSetting, Outside, OutsideSettings, ProviderKind};

use super::{Config, Invalid};

impl Config {
    /// What the services are made of.
    pub fn outside(&self) -> OutsideSettings {
        OutsideSettings {
            push: self.push.clone(),
            email: self.email.clone(),
            whatsapp: self.whatsapp.clone(),
            limits: self.delivery.limits(),
        }
    }

    /// Which services each channel has, in the order in which they are tried: a line for each, without a value.
    pub fn channels(&self) -> Vec<String> {
        let outside = self.outside();
        let line = |channel: DeliveryChannel| {
            let tried: Vec<_> = outside.tried(channel).map(ProviderKind::name).collect();
            let tried = if tried.is_empty() { "not configured".to_owned() } else { tried.join(", then ") };
            format!("{}: {tried}", channel.name())
        };
        DeliveryChannel::ALL.map(line).into()
    }

    /// Whether anything could reach somebody outside.
    pub(super) fn reaches_outside(&self) -> bool {
        let outside = self.outside();
        DeliveryChannel::ALL.into_iter().any(|channel| outside.tried(channel).next().is_some())
    }

    /// What cannot be so. Who wants to know makes all of them: they look at their settings then, and at nothing outside.
    pub(super) fn wrong_outside(&self) -> Vec<Invalid> {
        let wrong = Outside::try_new(&self.outside()).err().unwrap_or_default();
        let mut found: Vec<Invalid> = wrong.into_iter().map(invalid).collect();
        if self.platform.base_url.is_none() && self.reaches_outside() {
            let reason = "missing: push, e-mail and WhatsApp have absolute links";
            found.push(Invalid::new("platform.base_url", reason));
        }
        found
    }

    /// Orders that are probably not meant: of somebody's own, and naming what there is not, or leaving out what there is.
    pub(super) fn odd_orders(&self) -> Vec<String> {
        let (outside, usual) = (self.outside(), OutsideSettings::default());
        let mut found = Vec::new();
        for channel in DeliveryChannel::ALL {
            let (section, order) = (channel.name().to_ascii_lowercase(), outside.order(channel));
            if order == usual.order(channel) {
                continue;
            }
            for kind in order.iter().filter(|kind| !outside.has(**kind)) {
                let name = kind.name();
                found
                    .push(format!("{section}.order names {name}, and there is no {section}.{name}: it is passed over"));
            }
            for kind in usual.order(channel).iter().filter(|kind| outside.has(**kind) && !order.contains(kind)) {
                let name = kind.name();
                found.push(format!("{section}.order leaves out {name}: {section}.{name} is switched off"));
            }
        }
        found
    }
}

fn invalid(InvalidSetting { field, reason }: InvalidSetting) -> Invalid {
    // The limits of an attempt are the only ones without a section.
    let key = if field.contains('.') { field } else { format!("delivery.{field}") };
    Invalid::new(key, reason)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use super::super::{LoadError, load, warnings};
    use super::*;

    const FILE: &str = r#"
        [platform]
        base_url = "https://app.example.id"
        [push]
        order = ["webpush", "onesignal"]
        [push.onesignal]
        app_id = "11111111-2222-4333-8444-555555555555"
        api_key = "hush-1"
        mode = "legacy"
        [push.webpush]
        public_key = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
        private_key = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
        contact = "mailto:ops@example.id"
        endpoint_hosts = ["fcm.googleapis.com", "*.push.apple.com"]
        [email]
        from_name = "Kabar"
        from_address = "kabar@example.id"
        [email.mailketing]
        api_token = "hush-2"
        version = "v2"
        [email.smtp]
        host = "smtp.example.id"
        port = 2525
        tls = "implicit"
        username = "kabar"
        password = "hush-3"
        [whatsapp]
        order = ["cloud"]
        [whatsapp.starsender]
        api_key = "hush-4"
        [whatsapp.cloud]
        access_token = "hush-5"
        phone_number_id = "123"
        [delivery]
        attempts_max = 3
        retry_ambiguous = ["PUSH"]
    "#;
    const SECRETS: [&str; 2] = ["hush", "yfWPiYE"];
    const APP_ID: (&str, &str) = ("ONESIGNAL_APP_ID", "11111111-2222-4333-8444-555555555555");
    const API_KEY: (&str, &str) = ("ONESIGNAL_REST_API_KEY", "hush");
    const BASE: (&str, &str) = ("NEXTAUTH_URL", "https://app.example.id");
    const FROM: [(&str, &str); 2] =
        [("KABAR__EMAIL__FROM_NAME", "Kabar"), ("KABAR__EMAIL__FROM_ADDRESS", "kabar@example.id")];

    fn of_file(text: &str) -> Result<Config, LoadError> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        load(Some(file.path()), &BTreeMap::new())
    }

    fn of_variables(pairs: &[(&str, &str)]) -> Result<Config, LoadError> {
        load(None, &pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// Every key that is wrong, with its place.
    fn wrong(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let LoadError::Keys(found) = of_variables(pairs).expect_err("wrong") else { panic!("keys") };
        let told = format!("{found:?}");
        assert!(SECRETS.iter().all(|secret| !told.contains(secret)), "{told}");
        found.into_iter().map(|wrong| (wrong.key.unwrap_or_default(), wrong.place)).collect()
    }

    /// As variables, each line of `FILE`.
    fn variables() -> Vec<(String, String)> {
        let (mut section, mut found) = ("", Vec::new());
        for line in FILE.lines().map(str::trim).filter(|line| !line.is_empty()) {
            match line.split_once(" = ") {
                None => section = line.trim_matches(['[', ']']),
                Some((key, value)) => {
                    let name = format!("KABAR__{section}__{key}").to_uppercase().replace('.', "__");
                    found.push((name, value.replace(['[', ']', '"'], "")));
                }
            }
        }
        found
    }

    #[test]
    fn every_section_is_read_from_a_file_and_from_variables_alike() {
        let file = of_file(FILE).expect("right");
        let variables = variables();
        let pairs: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let environment = of_variables(&pairs).expect("right");
        assert_eq!(format!("{file:?}"), format!("{environment:?}"));
        for config in [file, environment] {
            let outside = config.outside();
            let secrets = [
                outside.push.onesignal.expect("there").api_key,
                outside.email.mailketing.expect("there").api_token,
                outside.email.smtp.expect("there").password,
                outside.whatsapp.starsender.expect("there").api_key,
                outside.whatsapp.cloud.expect("there").access_token,
            ];
            assert_eq!(secrets.each_ref().map(|it| it.reveal()), ["hush-1", "hush-2", "hush-3", "hush-4", "hush-5"]);
            assert_eq!(outside.push.webpush.expect("there").endpoint_hosts.len(), 2);
            assert_eq!((config.delivery.attempts_max, config.delivery.retry_ambiguous.len()), (3, 1));
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let config = of_file(FILE).expect("right");
        let shown = format!("{config:?}{:?}{:?}", config.channels(), warnings(&config, &BTreeMap::new()));
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
    }

    #[test]
    fn a_line_for_each_channel_says_who_is_tried_and_in_which_order() {
        let lines = of_file(FILE).expect("right").channels();
        assert_eq!(lines, ["PUSH: webpush, then onesignal", "EMAIL: mailketing, then smtp", "WHATSAPP: cloud"]);
        let none = ["PUSH: not configured", "EMAIL: not configured", "WHATSAPP: not configured"];
        assert_eq!(Config::default().channels(), none);
    }

    #[test]
    fn the_platforms_own_variables_configure_its_services() {
        let given: [&[(&str, &str)]; 5] = [
            &[APP_ID, API_KEY, BASE],
            &FROM,
            &[("MAILKETING_API_KEY", "hush"), ("MAILKETING_API_URL", "https://api.mailketing.co.id/api/v1/send")],
            &[("STARSENDER_API_KEY", "hush"), ("STARSENDER_API_URL", "https://api.starsender.online")],
            &[("KABAR__WHATSAPP__STARSENDER__API_KEY", "wins")],
        ];
        let config = of_variables(&given.concat()).expect("right");
        assert_eq!(config.channels(), ["PUSH: onesignal", "EMAIL: mailketing", "WHATSAPP: starsender"]);
        let outside = config.outside();
        assert_eq!(outside.push.onesignal.expect("there").app_id, APP_ID.1);
        assert_eq!(outside.email.mailketing.expect("there").base_url.as_deref(), Some(given[2][1].1));
        assert_eq!(outside.whatsapp.starsender.expect("there").api_key.reveal(), "wins");
    }

    #[test]
    fn half_of_what_a_service_needs_is_an_error_that_says_what_is_missing() {
        let missing = |key: &str, place: &str| vec![(key.to_owned(), place.to_owned())];
        assert_eq!(
            wrong(&[APP_ID, BASE]),
            missing("push.onesignal.api_key", "KABAR__PUSH__ONESIGNAL__API_KEY or ONESIGNAL_REST_API_KEY")
        );
        assert_eq!(
            wrong(&[API_KEY, BASE]),
            missing("push.onesignal.app_id", "KABAR__PUSH__ONESIGNAL__APP_ID or ONESIGNAL_APP_ID")
        );
        assert_eq!(
            wrong(&[("STARSENDER_API_URL", "https://api.starsender.online"), BASE]),
            missing("whatsapp.starsender.api_key", "KABAR__WHATSAPP__STARSENDER__API_KEY or STARSENDER_API_KEY")
        );
        let empty = providers::ALIASES.map(|(variable, _)| (variable, ""));
        assert!(!of_variables(&empty).expect("empty is absent").reaches_outside());
    }

    #[test]
    fn mail_has_a_sender_and_whatever_goes_outside_absolute_links() {
        let mail = ("MAILKETING_API_KEY", "hush");
        let keys = |pairs: &[(&str, &str)]| wrong(pairs).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(&[mail]), ["email.from_name", "email.from_address", "platform.base_url"]);
        assert_eq!(
            wrong(&[mail, BASE, FROM[0]]),
            [("email.from_address".to_owned(), "KABAR__EMAIL__FROM_ADDRESS".to_owned())]
        );
        assert_eq!(
            wrong(&[mail, FROM[0], FROM[1]]),
            [("platform.base_url".to_owned(), "KABAR__PLATFORM__BASE_URL or NEXTAUTH_URL".to_owned())]
        );
        assert!(of_variables(&[mail, BASE, FROM[0], FROM[1]]).is_ok());
        assert!(of_variables(&FROM).is_ok(), "a sender alone sends nothing");
    }

    #[test]
    fn keys_and_words_that_there_are_not_are_named_and_not_shown() {
        let given = [
            APP_ID,
            API_KEY,
            BASE,
            ("KABAR__PUSH__ONESIGNAL__API_KYE", "hush"),
            ("KABAR__PUSH__ONESIGNAL__MODE", "hush"),
            ("KABAR__EMAIL__SMTP", "hush"),
            ("KABAR__EMAIL__MAILKETING__VERSION", "hush"),
            ("KABAR__WHATSAPP__ORDER", "cloud,hush"),
        ];
        let keys: Vec<_> = wrong(&given).into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "email.mailketing.version",
                "email.smtp",
                "push.onesignal.api_kye",
                "push.onesignal.mode",
                "whatsapp.order",
                "email.from_name",
                "email.from_address",
                "email.mailketing.api_token",
            ]
        );
    }

    #[test]
    fn an_order_may_name_what_there_is_not_and_leave_out_what_there_is_and_is_warned_of() {
        let told = |order: &str| {
            let config = of_variables(&[APP_ID, API_KEY, BASE, ("KABAR__PUSH__ORDER", order)]).expect("right");
            (config.channels()[0].clone(), warnings(&config, &BTreeMap::new()))
        };
        assert_eq!(told("onesignal,webpush"), ("PUSH: onesignal".to_owned(), vec![]), "as it is without a word");
        let (line, warned) = told("webpush");
        assert_eq!(line, "PUSH: not configured");
        assert_eq!(
            warned,
            [
                "push.order names webpush, and there is no push.webpush: it is passed over",
                "push.order leaves out onesignal: push.onesignal is switched off",
            ]
        );
        assert_eq!(told("").1.len(), 1);
        let foreign = wrong(&[("KABAR__PUSH__ORDER", "smtp")]);
        assert_eq!(foreign, [("push.order".to_owned(), "KABAR__PUSH__ORDER".to_owned())]);
    }
}
