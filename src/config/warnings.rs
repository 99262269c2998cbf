//! What can be so and is probably not meant. Said at the start and by check-config; nothing is refused for it.

use std::collections::BTreeMap;

use super::{Config, Secret};

const NEXTAUTH_SECRET_BYTES_MIN: usize = 32;
const SECTIONS: [&str; 16] = [
    "SERVER", "DATABASE", "AUTH", "PLATFORM", "CORS", "REALTIME", "DOOR", "CACHES", "LIMITS", "UPLOADS", "PUSH",
    "EMAIL", "WHATSAPP", "DELIVERY", "LOG", "DEMO",
];

/// One sentence each; none shows a value.
pub fn warnings(config: &Config, environment: &BTreeMap<String, String>) -> Vec<String> {
    let mut found: Vec<String> = environment.keys().filter_map(|name| almost_a_key(name)).collect();
    let short = |secret: &Secret| secret.reveal().len() < NEXTAUTH_SECRET_BYTES_MIN;
    if config.auth.nextauth_secrets.iter().any(short) {
        found.push(format!(
            "auth.nextauth_secrets (also NEXTAUTH_SECRET, AUTH_SECRET): one is shorter than {NEXTAUTH_SECRET_BYTES_MIN} \
             bytes; whoever guesses it is anybody. The platform must change it first"
        ));
    }
    found.extend(config.odd_orders());
    found
}

/// `KABAR_SERVER_PORT` is not read. Not refused either: other programs name their variables so, too.
fn almost_a_key(name: &str) -> Option<String> {
    let rest = name.strip_prefix("KABAR_").filter(|rest| !rest.starts_with('_'))?;
    let (section, key) = rest.split_once('_')?;
    if !SECTIONS.contains(&section) || key.is_empty() {
        return None;
    }
    let meant = format!("KABAR__{section}__{}", key.trim_start_matches('_'));
    Some(format!("{name} is not read: keys have two underscores, as in {meant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(names: &[&str], secrets: &[&str]) -> Vec<String> {
        let mut config = Config::default();
        config.auth.nextauth_secrets = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        warnings(&config, &names.iter().map(|name| ((*name).to_owned(), "hush".to_owned())).collect())
    }

    #[test]
    fn a_variable_with_one_underscore_is_told_what_it_should_be_called() {
        let told =
            said(&["KABAR_DATABASE_URL", "KABAR__SERVER__PORT", "KABAR_URL", "KABAR_TOKEN", "KABAR_IRC_SAMPLE"], &[]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("KABAR__DATABASE__URL") && !told[0].contains("hush"), "{told:?}");
    }

    #[test]
    fn a_short_secret_of_the_platform_is_warned_of_and_not_shown() {
        let told = said(&[], &["x"]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("NEXTAUTH_SECRET"), "{told:?}");
        assert_eq!(said(&[], &[&"x".repeat(NEXTAUTH_SECRET_BYTES_MIN)]), Vec::<String>::new());
    }

    #[test]
    fn every_section_has_its_name_here() {
        for section in SECTIONS {
            let known =
                super::super::load(None, &BTreeMap::from([(format!("KABAR__{section}__NONE"), "1".to_owned())]));
            let error = known.expect_err("there is no such key").to_string();
            assert!(error.contains(&format!("{}.none", section.to_lowercase())), "{error}");
        }
    }
}
