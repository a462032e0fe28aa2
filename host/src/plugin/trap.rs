//! From the engine's error to a [`Problem`] that names the limit or the guest's functions.

use std::time::Duration;

use wasmtime::component::ResourceTableError;
use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::contract;
use super::error::Problem;
use super::state::{OutOfScope, State};
use crate::text::{safe_line, shorten};

/// Functions that are shown.
const FRAMES: usize = 8;

/// Follows a function that calls itself.
const AGAIN: &str = " (again and again)";

/// The deadline has passed.
#[derive(Debug, thiserror::Error)]
#[error("out of time")]
pub(super) struct OutOfTime;

impl Problem {
    /// The engine itself failed.
    pub(super) fn engine(error: &wasmtime::Error) -> Self {
        Self::Engine { reason: format!("{error:#}") }
    }
}

/// What `error` means for a call that left `state`.
pub(super) fn problem(error: &wasmtime::Error, state: &State, stack: u64) -> Problem {
    let limits = state.identity.limits;
    let frames = frames(error);
    if error.is::<OutOfTime>() {
        let limit = Duration::from_millis(limits.time_ms);
        return Problem::TimeLimit { limit, waiting: None, frames };
    }
    if let Some(&OutOfScope { object, function }) = error.downcast_ref() {
        return Problem::Misuse { object, function, stage: state.stage, frames };
    }
    if let Some(&I32Exit(status)) = error.downcast_ref() {
        return Problem::Exit { status, frames };
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::StackOverflow) {
        return Problem::StackOverflow { limit: stack, frames };
    }
    if let Some(refused) = state.limiter.refused() {
        let (used, wanted, limit) = (refused.used, refused.wanted, limits.memory);
        return Problem::MemoryLimit { used, wanted, limit, frames };
    }
    // These two have no type of their own; tests hold the texts.
    let says = |text: &str| error.chain().any(|cause| cause.to_string().contains(text));
    if matches!(error.downcast_ref(), Some(ResourceTableError::Full))
        || says("store handle limit exceeded")
    {
        return Problem::HandleLimit { limit: limits.handles, frames };
    }
    if says("fuel allocated for hostcalls has been exhausted") {
        return Problem::DataLimit { limit: limits.host_data, frames };
    }
    if trap == Some(&Trap::UnreachableCodeReached)
        && !state.identity.wasi
        && let Some(what) = innermost(error).and_then(stub)
    {
        return Problem::Stubbed { what, frames };
    }
    let reason = match trap {
        // Languages that keep their own stack in memory run out of that first.
        Some(Trap::MemoryOutOfBounds) if frames.iter().any(|frame| frame.ends_with(AGAIN)) => {
            "it recursed until its stack, whose size its toolchain sets, was full".to_owned()
        }
        Some(Trap::UnreachableCodeReached) => {
            "it panicked or aborted (`unreachable`); it may have logged why".to_owned()
        }
        Some(trap) => trap.to_string().trim_start_matches("wasm trap: ").to_owned(),
        None if says("invalid utf-8") => "it passed text that is not UTF-8".to_owned(),
        None => error.root_cause().to_string(),
    };
    Problem::Trap { reason: shorten(&safe_line(&reason), 1_000).into_owned(), frames }
}

/// The function in which it ended, with the name that its toolchain gave it. What stands in WASI's place has none.
fn innermost(error: &wasmtime::Error) -> Option<&str> {
    error.downcast_ref::<WasmBacktrace>()?.frames().iter().find_map(|frame| frame.func_name())
}

/// What of WASI a function stands for, which WASI's C library calls when its host has none: its bindings are named
/// `INTERFACE_FUNCTION`. componentize-py puts traps in their places with `--stub-wasi`.
fn stub(function: &str) -> Option<&'static str> {
    const STARTS: [(&str, &str); 15] = [
        ("stdout_get_stdout", "standard output"),
        ("stderr_get_stderr", "standard error"),
        ("stdin_get_stdin", "standard input"),
        ("terminal_std", "a terminal"),
        ("wall_clock_", "the clock"),
        ("monotonic_clock_", "the clock"),
        ("random_get_", "random numbers"),
        ("random_insecure_", "random numbers"),
        ("environment_get_", "the environment"),
        ("filesystem_", "files"),
        ("tcp_", "the network"),
        ("udp_", "the network"),
        ("instance_network_", "the network"),
        ("ip_name_lookup_", "the network"),
        ("exit_exit", "an end of its process"),
    ];
    let found = STARTS.iter().find(|(start, _)| function.starts_with(start));
    found.map(|(_, what)| *what)
}

/// The guest's functions, innermost first, without the language runtime's own way to abort.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    // Adapters that toolchains put round the guest have no names.
    let names: Vec<_> = backtrace
        .frames()
        .iter()
        .filter_map(|frame| frame.func_name())
        .map(|name| {
            let name = format!("{:#}", rustc_demangle::demangle(name));
            shorten(&safe_line(&name), 160).into_owned()
        })
        .collect();
    told(names)
}

/// What of a backtrace tells something: not the way into the plugin, not how its language aborts, and
/// of a recursion one turn.
fn told(names: Vec<String>) -> Vec<String> {
    let own: Vec<_> = names.iter().filter(|name| !is_glue(name)).cloned().collect();
    let names = if own.is_empty() { names } else { own };
    let plumbing = names.iter().take_while(|name| is_plumbing(name)).count();
    let skip = if plumbing == names.len() { 0 } else { plumbing };
    let mut frames: Vec<(String, usize)> = Vec::new();
    for name in names.into_iter().skip(skip) {
        match frames.last_mut() {
            Some((last, times)) if *last == name => *times += 1,
            _ => frames.push((name, 1)),
        }
    }
    let line = |(name, times)| if times < 3 { name } else { name + AGAIN };
    frames.into_iter().take(FRAMES).map(line).collect()
}

/// The bindings between the host and the plugin's own code.
fn is_glue(name: &str) -> bool {
    name.starts_with(&format!("{}/", contract::PACKAGE)) || name.contains("phalanx_plugin::")
}

fn is_plumbing(name: &str) -> bool {
    const STARTS: [&str; 11] = [
        "__rustc::",
        "core::panicking::",
        "core::option::",
        "core::result::",
        "std::panicking::",
        "std::alloc::",
        "std::sys::",
        "std::process::abort",
        "alloc::",
        "__rust",
        "rust_",
    ];
    STARTS.iter().any(|start| name.starts_with(start)) || name == "abort"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_nothing_is_left_out() {
        let told = |names: &[&str]| told(names.iter().map(|&name| name.to_owned()).collect());
        let glue = "phalanx:pipeline/pre-build@1.0.0#pre-build";
        assert_eq!(told(&["core::panicking::panic", "a", "b", glue]), ["a", "b"]);
        assert_eq!(told(&["a", "a", "a", "b"]), ["a (again and again)", "b"]);
        assert_eq!(told(&[glue]), [glue]);
    }

    #[test]
    fn the_way_to_abort_is_not_shown() {
        assert!(is_plumbing("core::panicking::panic_fmt") && is_plumbing("__rust_start_panic"));
        assert!(!is_plumbing("acme::core::run"));
    }
}
