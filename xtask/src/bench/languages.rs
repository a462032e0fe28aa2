//! One decorator in each language: what it weighs, what compiling it takes, and what a call does.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::{Bench, PACKAGINGS, TIMES, Table, middle, remove, write};
use crate::languages::languages;
use crate::measure::cost;
use crate::run::{Outcome, target};

/// The plugin's name.
const NAME: &str = "keep-messages";
/// Queues of the template that is decorated.
const QUEUES: usize = 100;

/// A language.
struct Language {
    /// Its name for `--lang`.
    name: &'static str,
    /// What its project finds where in `target/tools`.
    tool: Option<(&'static str, &'static str)>,
    /// The project's target.
    limit: &'static str,
}

const LANGUAGES: [Language; 5] = [
    Language { name: "rust", tool: None, limit: "1.5 ms" },
    Language { name: "c", tool: Some((".venv", "ziglang")), limit: "1.5 ms" },
    Language {
        name: "javascript",
        tool: Some(("node_modules", "javascript/node_modules")),
        limit: "5 ms",
    },
    Language { name: "go", tool: None, limit: "8 ms" },
    Language { name: "python", tool: Some((".venv", "componentize-py")), limit: "12 ms" },
];

impl Bench {
    /// All of them.
    pub(super) fn languages(&self, table: &mut Table) -> Outcome {
        languages()?;
        for language in &LANGUAGES {
            let folder = self.folder.join("languages").join(language.name);
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            self.in_language(&folder, language, table)
                .map_err(|error| format!("{}: {error}", language.name))?;
        }
        Ok(())
    }

    fn in_language(&self, folder: &Path, language: &Language, table: &mut Table) -> Outcome {
        let Language { name: language, tool, limit } = *language;
        self.quietly(folder, &["plugin", "new", NAME, "--lang", language])?;
        let project = folder.join(NAME);
        if let Some((name, from)) = tool {
            let linked = symlink(target().join("tools").join(from), project.join(name));
            linked.map_err(|error| error.to_string())?;
        }
        self.quietly(folder, &["plugin", "build", NAME])?;
        let component = project.join(NAME).with_extension("wasm");
        let size = fs::metadata(&component).map_err(|error| error.to_string())?.len();

        let mut examine = self.phalanx(&project, &["plugin", "doctor", &format!("{NAME}.wasm")]);
        let cache = folder.join("cache");
        examine.env("PHALANX_CACHE_DIR", &cache);
        let compiled = cost(PACKAGINGS, &examine, || remove(&cache))?;

        let case = project.join("cases/large");
        write(&case.join("case.toml"), b"hook = \"template-decorate\"\n")?;
        write(&case.join("template.json"), template().as_bytes())?;
        let test = ["plugin", "test", NAME, "--case", "large"];
        self.quietly(folder, &[&test[..], &["--bless"]].concat())?;
        let (mut load, mut call) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let mut run = self.phalanx(folder, &[&test[..], &["--output", "json"]].concat());
            let output = run.output().map_err(|error| error.to_string())?;
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            load.push(millis(&text, "load-us")?);
            call.push(millis(&text, "elapsed-us")?);
        }
        let (load, call) = (middle(&mut load), middle(&mut call));
        table.row(
            &format!("a decorator in {language}, {QUEUES} edits: loaded and called, warm"),
            &format!(
                "{:.1} ms, of which {load:.1} loading ({:.2} MB, compiled in {:.1} s)",
                load + call,
                size as f64 / 1e6,
                compiled.wall_ms / 1000.0
            ),
            limit,
        );
        Ok(())
    }
}

/// A number of microseconds in JSON, in milliseconds.
fn millis(json: &str, key: &str) -> Result<f64, String> {
    let number = json.split(&format!("\"{key}\": ")).nth(1).and_then(|rest| {
        rest.split(|character: char| !character.is_ascii_digit()).next()?.parse::<f64>().ok()
    });
    number.map(|micros| micros / 1000.0).ok_or_else(|| format!("no `{key}` in\n{json}"))
}

/// A template of queues.
fn template() -> String {
    let mut template = String::from("{ \"Resources\": {");
    for index in 0..QUEUES {
        let comma = if index == 0 { "" } else { "," };
        // Writing to a text cannot fail.
        let _ = write!(
            template,
            "{comma}\n  \"Queue{index}\": {{ \"Type\": \"AWS::SQS::Queue\", \"Properties\": {{ \
             \"QueueName\": \"orders-{index}\", \"VisibilityTimeout\": 60, \
             \"Tags\": [{{ \"Key\": \"team\", \"Value\": \"orders\" }}] }} }}"
        );
    }
    template.push_str("\n} }\n");
    template
}
