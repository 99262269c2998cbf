//! Colours, where somebody sees them, and lines on stdout.

use std::io::{IsTerminal, Write};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Red,
    Green,
    Cyan,
    Dim,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Self::Red => "31",
            Self::Green => "32",
            Self::Cyan => "36",
            Self::Dim => "2",
        }
    }
}

/// Paints only on a terminal, and not there either when `NO_COLOR` is set (no-color.org).
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    on: bool,
}

impl Paint {
    pub fn for_stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { on: std::io::stdout().is_terminal() && !unwanted }
    }

    pub fn text(self, colour: Colour, text: &str) -> String {
        if self.on { format!("\u{1b}[{}m{text}\u{1b}[0m", colour.code()) } else { text.to_owned() }
    }
}

/// One line on stdout. Unlike `println!` it does not panic when the reader has gone.
pub fn line(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.write_all(b"\n")
}

/// What came from outside, safe to print: control characters (which could steer the terminal) as escapes.
pub fn harmless(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_terminal_nothing_is_painted() {
        assert_eq!(Paint { on: false }.text(Colour::Red, "no"), "no");
        assert_eq!(Paint { on: true }.text(Colour::Red, "no"), "\u{1b}[31mno\u{1b}[0m");
    }

    #[test]
    fn words_cannot_steer_the_terminal() {
        assert_eq!(harmless("halo\u{1b}[2J\nbaris, é ✓"), "halo\\u{1b}[2J\\nbaris, é ✓");
    }
}
