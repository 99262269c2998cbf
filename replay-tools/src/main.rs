//! `replay`: what operators and analysts do with the log.
//!
//! A program of its own, and one that links nothing that sends: no e-mail, no push, no socket server. However often the
//! past is replayed in here, nobody outside hears of it. Never in here: a rule; a write to a log that is there, but for an
//! erasure, and for an import, whose events say that they are history and are passed over by all that tell or send.

mod archive;
mod arguments;
mod backup;
mod backup_places;
mod channel;
mod convert;
mod counting;
mod doctor;
mod erase;
mod export;
mod history;
mod import;
mod keys_back;
mod keys_file;
mod keys_fit;
mod outcome;
mod paint;
mod progress;
mod rebuild;
mod repair;
mod restore;
mod retire;
mod sink;
mod status;
mod store;
mod tail;
mod uploads;
mod verify;

use std::process::ExitCode;

use arguments::{Arguments, Shared, Wanted};
use outcome::{Failure, Verdict};

#[tokio::main]
async fn main() -> ExitCode {
    let (arguments, shared) = Arguments::read();
    let told = match &arguments.command {
        Wanted::Rebuild(_) | Wanted::Repair(_) => Some(rebuild::INTERRUPTED),
        Wanted::Import(_) => Some(import::INTERRUPTED),
        Wanted::Status
        | Wanted::Retire(_)
        | Wanted::Verify(_)
        | Wanted::Doctor
        | Wanted::Backup(_)
        | Wanted::Restore(_)
        | Wanted::Erase(_)
        | Wanted::Export(_)
        | Wanted::Convert(_)
        | Wanted::Tail(_) => None,
    };
    tokio::select! {
        ended = carry_out(arguments, &shared) => match ended {
            Ok(verdict) => verdict.exit_code(),
            Err(failure) => failure.report(shared.json),
        },
        // Whatever was under way is dropped: open transactions roll back, a half-filled generation is never switched to.
        () = interrupted() => {
            if let Some(told) = told {
                eprintln!("replay: {told}");
            }
            Verdict::Interrupted.exit_code()
        }
    }
}

async fn carry_out(arguments: Arguments, shared: &Shared) -> Result<Verdict, Failure> {
    match arguments.command {
        Wanted::Status => status::run(shared).await,
        Wanted::Rebuild(wanted) => rebuild::run(shared, &wanted).await,
        Wanted::Repair(wanted) => repair::run(shared, &wanted).await,
        Wanted::Retire(wanted) => retire::run(shared, &wanted).await,
        Wanted::Verify(wanted) => verify::run(shared, &wanted).await,
        Wanted::Doctor => doctor::run(shared).await,
        Wanted::Backup(wanted) => backup::run(shared, &wanted).await,
        Wanted::Restore(wanted) => restore::run(shared, &wanted).await,
        Wanted::Erase(wanted) => erase::run(shared, &wanted).await,
        Wanted::Import(wanted) => import::run(shared, &wanted).await,
        Wanted::Export(wanted) => export::run(shared, &wanted).await,
        Wanted::Convert(wanted) => convert::run(shared, &wanted).await,
        Wanted::Tail(wanted) => match wanted.server()? {
            Some(server) => channel::run(shared, server).await,
            None => tail::run(shared, &wanted).await,
        },
    }
}

/// Ctrl-C, or a polite `kill`.
async fn interrupted() {
    let ctrl_c = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        () = ctrl_c => {}
        () = terminated => {}
    }
}
