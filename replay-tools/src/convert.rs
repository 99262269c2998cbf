//! `replay convert`: archives of other programs as lines that an import takes. Needs no store.

use serde_json::json;

use crate::arguments::{Archived, ConvertWanted, Shared};
use crate::history::irc::Archive;
use crate::history::line::Refused;
use crate::history::pace::Pace;
use crate::history::source::{self, LINE_BYTES_MAX};
use crate::import::Complaints;
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::sink::Sink;

/// Between two looks at how far it is.
const PACE_LINES: u64 = 2_000;

pub async fn run(shared: &Shared, wanted: &ConvertWanted) -> Result<Verdict, Failure> {
    match wanted.archive {
        Archived::Irc => irc(shared, wanted).await,
    }
}

async fn irc(shared: &Shared, wanted: &ConvertWanted) -> Result<Verdict, Failure> {
    let (mut input, bytes) = source::open(&wanted.from)?;
    let mut complaints = Complaints::to(wanted.report.as_ref())?;
    let mut sink = Sink::open(&wanted.to)?;
    let mut archive = Archive::default();
    let mut pace = Pace::new("converting", bytes.of);
    let (mut text, mut number, mut made, mut refused) = (Vec::new(), 0, 0, 0u64);
    while let Some(whole) = source::next_line(&mut *input, &mut text)? {
        number += 1;
        let lines = if whole {
            archive.convert(&text)
        } else {
            Err(Refused::new("line", format!("at most {LINE_BYTES_MAX} bytes")))
        };
        match lines {
            Ok(lines) => {
                for line in &lines {
                    sink.line(&serde_json::to_string(line)?)?;
                    made += 1;
                }
            }
            Err(complaint) => {
                refused += 1;
                complaints.take(&(number, complaint))?;
            }
        }
        if number % PACE_LINES == 0 {
            pace.is_at(bytes.read(), number);
            // So that Ctrl-C is heard.
            tokio::task::yield_now().await;
        }
    }
    sink.finish()?;
    complaints.finish()?;
    let took = pace.finish();
    let lost = archive.replies_lost;
    let said = if shared.json {
        serde_json::to_string_pretty(&json!({
            "from": wanted.from.display().to_string(),
            "archived": number,
            "lines": made,
            "refused": refused,
            "replies_lost": lost,
            "seconds": took.as_secs_f64(),
        }))?
    } else {
        format!(
            "{number} lines of the archive, {made} lines to import; {refused} refused; {lost} answers to what is not in it"
        )
    };
    if Sink::is_stdout(&wanted.to) {
        eprintln!("{said}");
    } else {
        line(&said)?;
    }
    Ok(if refused == 0 { Verdict::Fine } else { Verdict::Differences })
}
