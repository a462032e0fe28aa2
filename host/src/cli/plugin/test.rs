//! `phalanx plugin test`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use phalanx::hint::{BoxError, Kind};
use phalanx::pipeline::{self, CaseMode, CaseRequest, TestedCase, TestedPlugin, Verdict};
use phalanx::text::{count, safe_text, size};
use serde::Serialize;

use super::super::error;
use super::super::output::Answer;
use super::super::session::Session;

/// How often `--watch` looks for changes.
const LOOK: Duration = Duration::from_millis(300);

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
                Err(error) if error.kind() == Kind::Interrupted => return Err(error),
                // The next change may mend it.
                Err(error) => {
                    error::render(session, &error);
                }
            }
            session.reporter.note("waiting for changes; Ctrl-C ends");
            while state_of(&folder) == before {
                tokio::select! {
                    biased;
                    () = interrupt.raised() => return Ok(Answer::printed(0)),
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
        }
    }
}

/// Every file that git would see, with what tells that it changed.
fn state_of(folder: &Path) -> Vec<(PathBuf, Option<SystemTime>, u64)> {
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
