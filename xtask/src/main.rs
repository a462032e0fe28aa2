//! The project's own commands, with plain cargo: `cargo xtask demo | tour | test | bench`.
//!
//! Each sets up what it needs on a fresh machine and says what it runs. There is no other script.

#![expect(clippy::print_stderr, reason = "a developer's tool that talks to its terminal")]

mod bench;
mod demo;
mod demo_aws;
mod engine;
mod languages;
mod measure;
mod peers;
mod run;
mod server;
mod setup;
mod system;
mod test;
mod tour;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["demo"] => demo::demo(),
        ["demo", "--aws"] => demo_aws::demo_aws(),
        ["tour"] => tour::tour(),
        ["test"] => test::test(),
        ["bench"] => bench::bench(),
        ["bench", "aws"] => bench::bench_aws(),
        ["bench", "registry"] => bench::bench_registry(),
        ["bench", "languages"] => bench::bench_languages(),
        ["lint"] => test::lint(),
        ["setup"] => setup::setup(),
        ["measure", rest @ ..] => measure::measure(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "\
usage: cargo xtask <command>

  demo   build phalanx and deploy examples/hello to the embedded local cloud; `demo --aws` deploys
         examples/queue-worker to a server of the AWS APIs, with a Docker Engine that runs its container
  tour   build the plugin of examples/pipeline-tour and show each of its hooks
  test   set up what is missing, then format, lints, docs and every test
  bench  measure the release build and print the table of the README; `bench aws`,
         `bench registry` and `bench languages` print only some of its rows
  lint   format, lints and docs only
  setup  what `test` sets up, and nothing else";
