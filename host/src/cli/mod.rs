//! The command line: arguments, and one line for each command.
//!
//! A command is a file: its arguments, whose doc comments are the help, and `run`, which calls the
//! library and returns a result that is both text and JSON. Results go to standard output, everything
//! else to standard error.

mod build;
mod completions;
mod confirm;
mod delete;
mod deploy;
mod doctor;
mod dotenv;
mod drift;
mod error;
mod explain;
mod gc;
mod history;
mod init;
mod internal;
mod invoke;
mod json;
mod live;
mod logs;
mod output;
mod outputs;
mod package;
mod plan;
mod plan_view;
mod plugin;
mod recover;
mod redact;
mod rollback;
mod schema;
mod session;
mod status;
mod style;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use phalanx::hint::BoxError;

use output::Answer;
use session::Session;

/// Builds a service, lets sandboxed WebAssembly plugins work on it, and provisions it with
/// CloudFormation.
#[derive(Debug, Parser)]
#[command(name = "phalanx", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 bad input, 3 refused by a plugin or policy, \
    4 there are changes (`plan --exit-code`, `drift --exit-code`), 101 bug, 130 interrupted."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// The service's manifest [default: `phalanx.toml` here or in the nearest folder above]
    #[arg(long, short = 'f', global = true, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// The stage to work on [default: dev]
    #[arg(long, short = 's', global = true, value_name = "NAME")]
    stage: Option<String>,
    /// The AWS region, instead of the manifest's
    #[arg(long, global = true, value_name = "REGION")]
    region: Option<String>,
    /// The profile in the files of `aws` that has the credentials
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Stop unless the lock file pins every plugin of the manifest, those of files too, and nothing else
    #[arg(long, global = true)]
    locked: bool,
    /// Fetch no plugin and no policy: take what is on this machine
    #[arg(long, global = true)]
    offline: bool,
    /// How to print the result
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    output: Format,
    /// Write events as NDJSON to standard error, instead of text
    #[arg(long, global = true)]
    events: bool,
    /// Tell more: hook calls, plugins' debug messages, plans in full
    #[arg(long, short = 'v', global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// Tell nothing but warnings and errors
    #[arg(long, short = 'q', global = true)]
    quiet: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Build(build::Build),
    Package(package::Package),
    Plan(plan::PlanArgs),
    #[command(alias = "provision")]
    Deploy(deploy::Deploy),
    Delete(delete::Delete),
    Recover(recover::Recover),
    Status(status::Status),
    Outputs(outputs::Outputs),
    History(history::History),
    Rollback(rollback::Rollback),
    Invoke(invoke::Invoke),
    Logs(logs::Logs),
    Drift(drift::DriftArgs),
    Explain(explain::Explain),
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    Schema(schema::Schema),
    Gc(gc::Gc),
    Doctor(doctor::Doctor),
    Completions(completions::Completions),
    #[command(hide = true)]
    InternalCompile(internal::Compile),
}

/// Parses, runs, renders.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return error::usage(&error),
    };
    if let Command::InternalCompile(compile) = cli.command {
        return compile.run();
    }
    let session = Session::new(cli.global);
    let result = session.block_on(run(&session, cli.command));
    session.finish();
    match result.and_then(|answer| session.print(answer)) {
        Ok(code) => code,
        Err(error) => error::render(&session, &error),
    }
}

async fn run(session: &Session, command: Command) -> Result<Answer, BoxError> {
    match command {
        Command::Init(init) => init.run(session),
        Command::Build(build) => build.run(session).await,
        Command::Package(package) => package.run(session).await,
        Command::Plan(plan) => plan.run(session).await,
        Command::Deploy(deploy) => deploy.run(session).await,
        Command::Delete(delete) => delete.run(session).await,
        Command::Recover(recover) => recover.run(session).await,
        Command::Status(status) => status.run(session).await,
        Command::Outputs(outputs) => outputs.run(session).await,
        Command::History(history) => history.run(session).await,
        Command::Rollback(rollback) => rollback.run(session).await,
        Command::Invoke(invoke) => invoke.run(session).await,
        Command::Logs(logs) => logs.run(session).await,
        Command::Drift(drift) => drift.run(session).await,
        Command::Explain(explain) => explain.run(session).await,
        Command::Plugin(plugin) => plugin.run(session).await,
        Command::Schema(schema) => schema.run(),
        Command::Gc(gc) => gc.run(session).await,
        Command::Doctor(doctor) => doctor.run(session),
        Command::Completions(completions) => completions.run(),
        Command::InternalCompile(_) => unreachable!("`main` has run it"),
    }
}
