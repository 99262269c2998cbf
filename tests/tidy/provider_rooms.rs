//! Outside deliveries: what sends is out of a replay's reach, and an adapter is read without the others.

use std::path::Path;

use super::{code_of, dependencies, read, report, sources_in};

const ADAPTERS: [&str; 6] = ["mailketing", "onesignal", "smtp", "starsender", "webpush", "whatsapp_cloud"];

/// `replay-tools` depends on many crates; this one is not among them, nor behind any of them.
#[test]
fn what_delivers_is_linked_into_the_program_alone() {
    for krate in ["aggregates", "attachments", "event-log", "projections", "replay-tools"] {
        let manifest = read(Path::new(krate).join("Cargo.toml"));
        assert!(!manifest.contains("providers"), "{krate} must not depend on what delivers");
        assert!(!dependencies(krate).contains("lettre"), "{krate} must not send e-mail");
    }
}

#[test]
fn adapters_do_not_know_each_other() {
    let mut wrong = Vec::new();
    for adapter in ADAPTERS {
        let files = sources_in(&format!("providers/src/{adapter}"));
        assert!(files.len() > 2, "{adapter} was not found");
        for source in files {
            wrong.extend(source.complaints(known_others(adapter, &source.text)));
        }
    }
    for source in sources_in("providers/src/inbound") {
        wrong.extend(source.complaints(known_others("", &source.text)));
    }
    report(wrong);
}

fn known_others(own: &str, text: &str) -> Vec<String> {
    let code: String = text.lines().flat_map(|line| [code_of(line), "\n"]).collect();
    let others = ADAPTERS.iter().filter(|adapter| **adapter != own);
    others
        .filter(|adapter| code.contains(&format!("crate::{adapter}")))
        .map(|adapter| format!("knows {adapter}"))
        .collect()
}

#[test]
fn an_adapter_that_knows_another_is_found() {
    assert_eq!(known_others("smtp", "use crate::smtp::Idle; // not crate::webpush\n"), [""; 0]);
    assert_eq!(known_others("smtp", "use crate::webpush::Subscription;\n"), ["knows webpush"]);
}
