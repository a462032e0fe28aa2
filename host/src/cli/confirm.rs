//! Asks someone at a terminal before something is changed.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Whether there is someone to ask.
pub(super) fn at_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; anything but a clear yes is a no.
pub(super) fn ask(question: &str) -> bool {
    let mut stderr = io::stderr().lock();
    // A closed standard error cannot be asked, and then the answer is empty.
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
