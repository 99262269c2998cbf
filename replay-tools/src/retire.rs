//! `replay retire`: after a deploy, the generations of the format that no program uses any more.

use anyhow::Context;
use projections::{Format, Retired, Retiring, UnitName};
use serde_json::{Value, json};

use crate::arguments::{RetireWanted, Shared};
use crate::outcome::{Failure, Verdict};
use crate::paint::line;
use crate::store;

pub async fn run(shared: &Shared, wanted: &RetireWanted) -> Result<Verdict, Failure> {
    let url = store::locate(shared)?;
    let log = store::open_also_without(shared, &url, &wanted.keys).await?;
    let format = Format(wanted.format);
    let retiring = Retiring { own: Format::CURRENT, old: format, if_lost: wanted.keys.if_lost() };
    if !wanted.yes {
        return Err(Failure::Refused(format!("this deletes every view of format {format}: say --yes")));
    }
    let (mut answers, mut verdict): (Vec<Value>, Verdict) = (Vec::new(), Verdict::Fine);
    for unit in UnitName::ALL {
        let retired = projections::retire(&url, log.clone(), unit, &retiring).await;
        let retired = retired.with_context(|| format!("{unit} of format {format} was not removed"))?;
        let (text, answer) = match &retired {
            Retired::Gone(numbers) if numbers.is_empty() => ("there was none".to_owned(), json!({ "removed": [] })),
            Retired::Gone(numbers) => (format!("removed {numbers:?}"), json!({ "removed": numbers })),
            Retired::Refused(reason) => {
                verdict = Verdict::Differences;
                (format!("left as it is: {reason}"), json!({ "refused": reason }))
            }
        };
        if !shared.json {
            line(&format!("{unit}, format {format}: {text}"))?;
        }
        answers.push(json!({ "unit": unit.name(), "format": format.0, "outcome": answer }));
    }
    log.close().await;
    if shared.json {
        line(&serde_json::to_string_pretty(&answers)?)?;
    }
    Ok(verdict)
}
