//! `phalanx plugin test`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use indicatif::HumanCount;
use phalanx::hint::{BoxError, Kind};
use phalanx::pipeline::{self, CaseMode, CaseRequest, TestedCase, TestedPlugin, Verdict};
use phalanx::plugin::Metering;
use phalanx::text::{count, safe_text, size};
use serde::Serialize;

use super::super::error;
use super::super::output::Answer;
use super::super::session::Session;

/// How often `--watch` looks for changes.
const LOOK: Duration = Duration::from_millis(300);
/// How long nothing may change before what was changed is taken as written: editors empty a file first.
const SETTLED: Duration = Duration::from_millis(50);

/// Build a plugin and run its cases: calls with all that they find, and what must come of them
#[derive(Debug, Args)]
pub(in crate::cli) struct Test {
    /// The plugin's folder; this one without it
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Only this case, a folder of `cases`; can be repeated
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<String>,
    /// Write down what the plugin does now as what it must do
    #[arg(long)]
    bless: bool,
    /// Make the calls of commands, AWS, images and HTTP, and record them; implies --bless
    #[arg(long)]
    record: bool,
    /// Count the instructions of each call too: the same on every machine, for code compiled a second time
    #[arg(long)]
    fuel: bool,
    /// Run again whenever a file of the folder changes
    #[arg(long, conflicts_with_all = ["bless", "record"])]
    watch: bool,
}

impl Test {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let here = &session.settings.current_dir;
        let folder = self.folder.map_or_else(|| here.clone(), |folder| here.join(folder));
        let request = CaseRequest {
            folder: folder.clone(),
            names: self.cases,
            mode: match (self.record, self.bless) {
                (true, _) => CaseMode::Record,
                (false, true) => CaseMode::Bless,
                (false, false) => CaseMode::Check,
            },
            metering: if self.fuel { Metering::Fuel } else { Metering::Off },
            profile: session.global.profile.clone(),
        };
        let environment = session.environment();
        if !self.watch {
            let tested = pipeline::test_plugin(&environment, &request).await?;
            let code = u8::from(!tested.passed());
            return Ok(Answer::new(&Tested(tested)).code(code));
        }
        let mut interrupt = environment.interrupt.clone();
        loop {
            let before = state_of(&folder);
            match pipeline::test_plugin(&environment, &request).await {
                Ok(tested) => {
                    session.print(Answer::new(&Tested(tested)))?;
                }
                // Ctrl-C is how watching ends, whatever goes on.
                Err(error) if error.kind() == Kind::Interrupted => return Ok(Answer::printed(0)),
                // The next change may mend it.
                Err(error) => {
                    error::render(session, &error);
                }
            }
            session.reporter.note("waiting for changes; Ctrl-C ends");
            tokio::select! {
                biased;
                () = interrupt.raised() => return Ok(Answer::printed(0)),
                () = change(&folder, before) => {}
            }
        }
    }
}

/// Waits until the folder is another than it was, and stays that for a moment.
async fn change(folder: &Path, before: State) {
    let mut last = state_of(folder);
    while last == before {
        tokio::time::sleep(LOOK).await;
        last = state_of(folder);
    }
    loop {
        tokio::time::sleep(SETTLED).await;
        let state = state_of(folder);
        if state == last {
            return;
        }
        last = state;
    }
}

/// Files, each with what tells that it changed.
type State = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// Every file that git would see.
fn state_of(folder: &Path) -> State {
    let mut walk = ignore::WalkBuilder::new(folder);
    walk.hidden(true).require_git(false).sort_by_file_path(Path::cmp);
    let files = walk.build().filter_map(Result::ok).filter_map(|entry| {
        let metadata = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
        Some((entry.into_path(), metadata.modified().ok(), metadata.len()))
    });
    files.collect()
}

#[derive(Serialize)]
struct Tested(TestedPlugin);

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TestedPlugin { cases, .. } = &self.0;
        let width = cases.iter().map(|case| case.name.len()).max().unwrap_or_default();
        for case in cases {
            line(f, case, width)?;
        }
        let failed = cases.iter().filter(|case| case.verdict == Verdict::Failed).count();
        match failed {
            0 => writeln!(f, "{} passed", count(cases.len(), "case")),
            _ => writeln!(f, "{failed} of {} failed", count(cases.len(), "case")),
        }
    }
}

fn line(f: &mut fmt::Formatter<'_>, case: &TestedCase, width: usize) -> fmt::Result {
    let verdict = match case.verdict {
        Verdict::Passed => "ok",
        Verdict::Failed => "FAILED",
        Verdict::Blessed => "blessed",
    };
    write!(f, "{verdict:<7} {:<width$}  {}", case.name, case.hook)?;
    if let Some(costs) = &case.costs {
        let ms = |micros: u64| micros as f64 / 1000.0;
        let memory = size(costs.memory);
        let (all, startup) = (ms(costs.elapsed_us), ms(costs.startup_us));
        write!(f, "  {all:.1} ms (start {startup:.1} ms), {memory}")?;
        if let Some(fuel) = costs.fuel {
            write!(f, ", {} fuel", HumanCount(fuel))?;
        }
    }
    writeln!(f)?;
    for problem in &case.problems {
        indented(f, problem)?;
    }
    for difference in &case.differences {
        indented(f, difference)?;
    }
    Ok(())
}

fn indented(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    safe_text(text).lines().try_for_each(|line| writeln!(f, "  {line}"))
}
