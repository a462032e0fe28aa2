//! What one command costs: processor time and peak memory of a child, by the system's own account.
//!
//! The account covers all children of a process, so each measurement is a process of its own: xtask
//! starts itself with `measure` as the first word.

use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use crate::run::Outcome;

/// The cost of one command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Median of processor time, user and system, in milliseconds.
    pub(crate) cpu_ms: f64,
    /// Median of wall time in milliseconds.
    pub(crate) wall_ms: f64,
    /// Peak resident memory in MiB.
    pub(crate) memory_mib: f64,
}

/// Runs a prepared command `times` times and gives medians. `before` runs before each, unmeasured.
pub(crate) fn cost(
    times: usize,
    command: &Command,
    mut before: impl FnMut() -> Outcome,
) -> Result<Cost, String> {
    let mut costs = Vec::new();
    for _ in 0..times {
        before()?;
        costs.push(once(command)?);
    }
    Ok(median(&costs))
}

/// The median of each cost; there must be one.
pub(crate) fn median(costs: &[Cost]) -> Cost {
    let median = |value: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Cost {
        cpu_ms: median(|cost| cost.cpu_ms),
        wall_ms: median(|cost| cost.wall_ms),
        memory_mib: median(|cost| cost.memory_mib),
    }
}

fn once(command: &Command) -> Result<Cost, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut measured = Command::new(own);
    measured.arg("measure").arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        measured.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => measured.env(name, value),
            None => measured.env_remove(name),
        };
    }
    let output = measured.output().map_err(|error| format!("cannot measure: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let values: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match values[..] {
        [cpu_ms, wall_ms, memory_mib] if output.status.success() => {
            Ok(Cost { cpu_ms, wall_ms, memory_mib })
        }
        _ => Err(format!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// The process of one measurement: runs the command and prints its cost.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn measure(words: &[&str]) -> Outcome {
    let (program, arguments) = words.split_first().ok_or("measure needs a command")?;
    let started = std::time::Instant::now();
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let wall = started.elapsed();
    let status = status.map_err(|error| format!("cannot start {program}: {error}"))?;
    if !status.success() {
        return Err(format!("{program}: {status}"));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let (user, system) = (usage.user_time(), usage.system_time());
    let cpu_us = (user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec();
    println!(
        "{:.3} {:.3} {:.1}",
        cpu_us as f64 / 1000.0,
        wall.as_secs_f64() * 1000.0,
        usage.max_rss() as f64 / 1024.0
    );
    Ok(())
}
