//! What the programs say to whoever types: before a server has run, with a variable missing, with everything wrong.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::support::backend::Backend;
use crate::support::running::Installation;

const USERS: &str = "{\"kind\":\"user\",\"id\":\"ana\",\"name\":\"Ana\",\"at\":\"2020-01-01T00:00:00Z\"}\n";

fn kabar(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kabar"));
    command.current_dir(folder).env_clear().args(arguments).output().expect("kabar runs")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_configuration_file_may_be_named_before_and_behind_the_command() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("right.toml"), "[server]\nport = 9\n").expect("written");
    std::fs::write(folder.path().join("wrong.toml"), "[server]\nprot = 9\n[log]\nformat = \"xml\"\nlevel = \"loud\"\n")
        .expect("written");
    for line in [["--config", "right.toml", "check-config"], ["check-config", "--config", "right.toml"]] {
        let output = kabar(folder.path(), &line);
        assert!(output.status.success(), "{line:?}: {}", said(&output));
    }
    for line in [["--config", "wrong.toml", "check-config"], ["check-config", "--config", "wrong.toml"]] {
        let output = kabar(folder.path(), &line);
        assert_eq!(output.status.code(), Some(1), "{line:?}");
        for told in [
            "server.prot (wrong.toml)",
            "log.format (wrong.toml): expected text or json",
            "log.level (wrong.toml): one of",
        ] {
            assert!(said(&output).contains(told), "{told}: {}", said(&output));
        }
    }
}

#[test]
fn what_leads_outside_is_told_channel_by_channel_and_its_secrets_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let right = "[platform]\nbase_url = \"https://app.example.id\"\n[push]\norder = [\"onesignal\"]\n[push.onesignal]\n\
                 app_id = \"11111111-2222-4333-8444-555555555555\"\napi_key = \"hush\"\n[whatsapp]\norder = [\"cloud\"]\n";
    std::fs::write(folder.path().join("right.toml"), right).expect("written");
    let output = kabar(folder.path(), &["check-config", "--config", "right.toml"]);
    assert!(output.status.success(), "{}", said(&output));
    for told in [
        "PUSH: onesignal\n",
        "EMAIL: not configured\n",
        "WHATSAPP: not configured\n",
        "whatsapp.order names cloud, and there is no whatsapp.cloud",
    ] {
        assert!(said(&output).contains(told), "{told}: {}", said(&output));
    }
    assert!(!said(&output).contains("hush"), "{}", said(&output));

    std::fs::write(folder.path().join("half.toml"), "[email.smtp]\npassword = \"hush\"\n").expect("written");
    let output = kabar(folder.path(), &["check-config", "--config", "half.toml"]);
    assert_eq!(output.status.code(), Some(1));
    for told in [
        "email.from_name (KABAR__EMAIL__FROM_NAME): is required",
        "email.from_address (KABAR__EMAIL__FROM_ADDRESS): is required",
        "email.smtp.host (KABAR__EMAIL__SMTP__HOST): is required",
        "email.smtp.password (half.toml): goes with username",
        "platform.base_url (KABAR__PLATFORM__BASE_URL or NEXTAUTH_URL): missing",
    ] {
        assert!(said(&output).contains(told), "{told}: {}", said(&output));
    }
    assert!(!said(&output).contains("hush"), "{}", said(&output));
}

#[test]
fn a_token_is_not_made_where_no_server_has_been() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = kabar(folder.path(), &["token", "--user", "ana"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty() && said(&output).contains("nothing to sign with"), "{}", said(&output));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "nothing is made");
}

#[tokio::test]
async fn a_store_whose_server_never_ran_has_no_views_to_differ_on_sqlite() {
    a_store_whose_server_never_ran_has_no_views_to_differ(Backend::Sqlite).await;
}

#[tokio::test]
async fn a_store_whose_server_never_ran_has_no_views_to_differ_on_postgres() {
    a_store_whose_server_never_ran_has_no_views_to_differ(Backend::Postgres).await;
}

async fn a_store_whose_server_never_ran_has_no_views_to_differ(backend: Backend) {
    let Some(store) = backend.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("users.jsonl");
    std::fs::write(&file, USERS).expect("written");
    let imported = installation.replay(&["import", "--from", &file.display().to_string()]).await;
    assert!(imported.status.success(), "{}", said(&imported));
    let verified = installation.replay(&["verify", "--all"]).await;
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    assert!(said(&verified).contains("no views yet: the server makes them"), "{}", said(&verified));
    let as_json = installation.replay(&["verify", "--json"]).await;
    assert_eq!(String::from_utf8_lossy(&as_json.stdout).trim(), "[]");
}

#[tokio::test]
async fn an_erasure_is_confirmed_through_a_pipe_by_the_users_id_and_by_nothing_else() {
    let Some(store) = Backend::Sqlite.store().await else { return };
    let installation = Installation::new(&store.url());
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("users.jsonl");
    std::fs::write(&file, USERS).expect("written");
    assert!(installation.replay(&["import", "--from", &file.display().to_string()]).await.status.success());
    for (answer, code) in [("", 2), ("yes\n", 2), ("ana\n", 0)] {
        let output = answered(&store.url(), answer);
        assert_eq!(output.status.code(), Some(code), "{answer:?}: {}", said(&output));
    }
}

fn answered(store: &str, answer: &str) -> Output {
    let replay =
        PathBuf::from(env!("CARGO_BIN_EXE_kabar")).with_file_name(format!("replay{}", std::env::consts::EXE_SUFFIX));
    let mut command = Command::new(replay);
    command.args(["--database", store, "erase", "ana"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().expect("replay runs");
    child.stdin.take().expect("a pipe").write_all(answer.as_bytes()).expect("answered");
    child.wait_with_output().expect("it ends")
}
