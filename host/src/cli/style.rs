//! Colours for standard error and plans. Nothing is meaningful by colour alone.

use std::fmt::{self, Display};
use std::io::{self, IsTerminal as _};

use anstyle::{AnsiColor, Style as Ansi};

use super::session::Session;

/// Whether to colour, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    on: bool,
}

impl Style {
    pub(super) fn new(on: bool) -> Self {
        Self { on }
    }

    /// For standard output.
    pub(super) fn for_stdout(session: &Session) -> Self {
        Self::new(session.settings.color && io::stdout().is_terminal())
    }

    pub(super) fn error<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, AnsiColor::Red.on_default().bold())
    }

    pub(super) fn warning<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, AnsiColor::Yellow.on_default().bold())
    }

    pub(super) fn good<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, AnsiColor::Green.on_default())
    }

    pub(super) fn changed<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, AnsiColor::Yellow.on_default())
    }

    pub(super) fn removed<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, AnsiColor::Red.on_default())
    }

    pub(super) fn strong<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, Ansi::new().bold())
    }

    pub(super) fn faint<T: Display>(self, text: T) -> Painted<T> {
        self.paint(text, Ansi::new().dimmed())
    }

    fn paint<T: Display>(self, text: T, style: Ansi) -> Painted<T> {
        Painted { text, style: if self.on { style } else { Ansi::new() } }
    }
}

/// Text in a colour, or plain.
pub(super) struct Painted<T> {
    text: T,
    style: Ansi,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.style.render(), self.text, self.style.render_reset())
    }
}
