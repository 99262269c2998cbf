//! What was found: gathered by kind, a few of each spelled out, however many there are.

use serde_json::{Value, json};

/// Kinds of finding that are kept apart. A log that is garbage throughout must not fill the memory.
const KINDS_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something is lost, or will be refused when it is needed.
    Error,
    /// Not as it should be, and everything works.
    Warning,
    /// Good to know.
    Note,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

#[derive(Debug)]
pub struct Finding {
    pub severity: Severity,
    /// Which look found it: `order`, `streams`, `events` ..
    pub check: &'static str,
    pub what: String,
    pub count: u64,
    /// The first of them.
    pub examples: Vec<String>,
    pub advice: &'static str,
}

#[derive(Debug)]
pub struct Findings {
    found: Vec<Finding>,
    named_max: usize,
}

impl Findings {
    pub fn new(named_max: usize) -> Self {
        Self { found: Vec::new(), named_max }
    }

    pub fn add(
        &mut self,
        severity: Severity,
        check: &'static str,
        what: impl Into<String>,
        advice: &'static str,
        example: impl FnOnce() -> String,
    ) {
        let what = what.into();
        let known = self.found.iter().position(|finding| finding.check == check && finding.what == what);
        let index = match known {
            Some(index) => index,
            None if self.found.len() >= KINDS_MAX => KINDS_MAX - 1,
            None => {
                self.found.push(Finding { severity, check, what, count: 0, examples: Vec::new(), advice });
                self.found.len() - 1
            }
        };
        let finding = &mut self.found[index];
        finding.count += 1;
        if finding.examples.len() < self.named_max {
            finding.examples.push(example());
        }
    }

    /// There are `more` of what `check` found last, which nobody has looked at one by one.
    pub fn uncounted(&mut self, check: &'static str, more: u64) {
        if let Some(last) = self.found.iter_mut().rev().find(|finding| finding.check == check) {
            last.count += more;
        }
    }

    /// Notes are no reason to worry.
    pub fn is_clean(&self) -> bool {
        self.found.iter().all(|finding| finding.severity == Severity::Note)
    }

    /// The worst first.
    pub fn all(&self) -> impl Iterator<Item = &Finding> {
        let of = |severity| self.found.iter().filter(move |finding| finding.severity == severity);
        of(Severity::Error).chain(of(Severity::Warning)).chain(of(Severity::Note))
    }

    pub fn as_json(&self) -> Vec<Value> {
        let finding = |finding: &Finding| {
            json!({
                "severity": finding.severity.name(),
                "check": finding.check,
                "what": finding.what,
                "count": finding.count,
                "examples": finding.examples,
                "advice": finding.advice,
            })
        };
        self.all().map(finding).collect()
    }
}
