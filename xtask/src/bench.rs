//! `cargo xtask bench`: measures the release build and prints the table that the README quotes.
//!
//! Medians, in one run on one machine; the limits beside them are the project's targets, which this
//! shows and does not enforce: machines are noisy and a benchmark is no test.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::measure::{Cost, cost};
use crate::run::{Outcome, command, read, root, run, run_command, target};
use crate::setup::wasm_target;

mod aws;
mod counter;
mod languages;
mod peers;
mod registry;
mod server;

/// How often each command is run.
const TIMES: usize = 15;
/// How often a folder is packaged.
const PACKAGINGS: usize = 5;

/// Runs all measurements.
pub(crate) fn bench() -> Outcome {
    let (bench, mut table) = begin()?;
    bench.version(&mut table)?;
    bench.plans(&mut table)?;
    bench.packaging(&mut table)?;
    let plugins = read(&root(), &["cargo", "bench", "--quiet", "--package", "phalanx", "--locked"]);
    for line in plugins.ok_or("`cargo bench` failed")?.lines() {
        // `what | measured | target`, from `benches/plugin.rs`.
        if let [what, measured, limit] = line.split(" | ").collect::<Vec<_>>()[..] {
            table.row(what, measured, limit);
        }
    }
    bench.languages(&mut table)?;
    bench.registry(&mut table)?;
    bench.end(table)
}

/// Runs the measurements of deployments to AWS alone.
pub(crate) fn bench_aws() -> Outcome {
    let (bench, table) = begin()?;
    bench.end(table)
}

/// Runs the measurements of plugins from registries alone.
pub(crate) fn bench_registry() -> Outcome {
    let (bench, mut table) = begin()?;
    bench.registry(&mut table)?;
    eprintln!("\n{}", table.0);
    Ok(())
}

/// Runs the measurements of plugins in each language alone.
pub(crate) fn bench_languages() -> Outcome {
    let (bench, mut table) = begin()?;
    bench.languages(&mut table)?;
    eprintln!("\n{}", table.0);
    Ok(())
}

/// Builds what is measured.
fn begin() -> Result<(Bench, Table), String> {
    wasm_target()?;
    run(&root(), &["cargo", "build", "--release", "--package", "phalanx", "--locked"])?;
    Ok((Bench::new()?, Table::default()))
}

/// A Markdown table.
#[derive(Default)]
struct Table(String);

impl Table {
    fn row(&mut self, what: &str, measured: &str, limit: &str) {
        if self.0.is_empty() {
            self.0.push_str("| what | measured | target |\n|---|---|---|\n");
        }
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "| {what} | {measured} | {limit} |");
    }
}

struct Bench {
    phalanx: PathBuf,
    folder: PathBuf,
}

impl Bench {
    fn new() -> Result<Self, String> {
        let folder = target().join("bench");
        remove(&folder)?;
        Ok(Self { phalanx: target().join("release/phalanx"), folder })
    }

    /// Measures deployments to AWS, last since they need the most, and shows the table: what is in it by
    /// then is shown whatever becomes of them.
    fn end(&self, mut table: Table) -> Outcome {
        let deployed = self.deployments(&mut table);
        eprintln!("\n{}", table.0);
        deployed
    }

    fn phalanx(&self, service: &Path, words: &[&str]) -> Command {
        let mut command =
            command(service, &[&[self.phalanx.to_str().unwrap_or_default()], words].concat());
        command
            .env("PHALANX_CACHE_DIR", self.folder.join("cache"))
            .env("PHALANX_DATA_DIR", self.folder.join("data"));
        command
    }

    /// Runs a command of which only failures are of interest.
    fn quietly(&self, service: &Path, words: &[&str]) -> Outcome {
        run_command(self.phalanx(service, words).arg("--quiet").stdout(std::process::Stdio::null()))
    }

    fn version(&self, table: &mut Table) -> Outcome {
        fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        let cost = cost(TIMES, &self.phalanx(&self.folder, &["--version"]), || Ok(()))?;
        table.row("`phalanx --version`, wall", &format!("{:.1} ms", cost.wall_ms), "10 ms");
        Ok(())
    }

    /// `plan` of functions that share a prebuilt 5 MB program; warm and cold.
    fn plans(&self, table: &mut Table) -> Outcome {
        let one = self.service("one", 1, 1, "")?;
        let hundred = self.service("hundred", 100, 2, "")?;
        let warm = |service: &Path| -> Result<Cost, String> {
            let plan = self.phalanx(service, &["plan", "--local", "--quiet"]);
            // The first run compiles the plugins.
            cost(1, &plan, || Ok(()))?;
            cost(TIMES, &plan, || Ok(()))
        };
        let cpu_and_memory =
            |cost: &Cost| format!("{:.0} ms, {:.0} MiB", cost.cpu_ms, cost.memory_mib);
        table.row(
            "`plan`, 1 function of 5 MB, 1 plugin, warm: CPU, memory",
            &cpu_and_memory(&warm(&one)?),
            "40 ms, 40 MiB",
        );
        table.row(
            "`plan`, 100 functions (300 resources), 2 plugins, warm: CPU, memory",
            &cpu_and_memory(&warm(&hundred)?),
            "80 ms, 40 MiB",
        );
        // CloudFormation takes 500 resources, and each function has a log group: 200 are the most that
        // are four times as many as something. A role of their own would make it three resources.
        let role = "role = \"arn:aws:iam::123456789012:role/worker\"\n";
        let few = warm(&self.service("fifty", 50, 2, role)?)?;
        let many = warm(&self.service("two-hundred", 200, 2, role)?)?;
        table.row(
            "`plan`, 200 functions (400 resources) against 50 (100): CPU",
            &format!("{:.1}×", many.cpu_ms / few.cpu_ms),
            "4.5×",
        );
        let dry_run = self.phalanx(&one, &["deploy", "--local", "--dry-run", "--quiet"]);
        let cold = cost(TIMES, &dry_run, || remove(&one.join(".phalanx")))?;
        table.row(
            "`deploy --dry-run`, 1 function, cold, 5 MB zipped: CPU",
            &format!("{:.0} ms", cold.cpu_ms),
            "250 ms",
        );
        Ok(())
    }

    /// A folder of 100 MB in 5,000 files, against `zip -r`; and the memory that 250 MB take.
    fn packaging(&self, table: &mut Table) -> Outcome {
        let service = self.folder_service("folder", 5_000, 20_000)?;
        let archive = self.folder.join("peer.zip");
        let zip = command(&service, &["zip", "-q", "-r", &archive.to_string_lossy(), "code"]);
        let package = self.phalanx(&service, &["package", "--quiet"]);
        let ours = cost(PACKAGINGS, &package, || remove(&service.join(".phalanx")))?;
        let measured = match cost(PACKAGINGS, &zip, || remove(&archive)) {
            Ok(peer) => format!(
                "{:.2} s, {:.1}× as fast as `zip -r`",
                ours.wall_ms / 1000.0,
                peer.wall_ms / ours.wall_ms
            ),
            Err(_) => format!("{:.2} s (no `zip` to compare with)", ours.wall_ms / 1000.0),
        };
        table.row("`package`, 100 MB in 5,000 files: wall", &measured, "2×");

        let service = self.folder_service("large", 50, 5_000_000)?;
        let package = self.phalanx(&service, &["package", "--quiet"]);
        let large = cost(1, &package, || Ok(()))?;
        table.row(
            "`package`, 250 MB in 50 files: memory",
            &format!("{:.0} MiB", large.memory_mib),
            "far below 250 MiB",
        );
        Ok(())
    }

    /// A service of one function whose code is a folder.
    fn folder_service(&self, name: &str, files: usize, size: usize) -> Result<PathBuf, String> {
        let service = self.folder.join(name);
        for index in 0..files {
            let path = service.join(format!("code/{:02}/file-{index}.txt", index % 50));
            write(&path, &text(size, index as u64 + 1))?;
        }
        write(&service.join("phalanx.toml"), FOLDER_MANIFEST.as_bytes())?;
        Ok(service)
    }

    /// A service of functions that share one program; `keys` are what each has besides.
    fn service(
        &self,
        name: &str,
        functions: usize,
        plugins: usize,
        keys: &str,
    ) -> Result<PathBuf, String> {
        let service = self.folder.join(name);
        let mut manifest = format!("[service]\nname = \"{name}\"\nregion = \"eu-central-1\"\n");
        for index in 0..functions {
            // Writing to a text cannot fail.
            let _ = write!(
                manifest,
                "\n[functions.worker{index}]\ncode = \"program\"\nmemory = 256\n{keys}"
            );
        }
        manifest.push_str(&PLUGINS[..plugins].concat());
        write(&service.join("phalanx.toml"), manifest.as_bytes())?;
        write(&service.join("program"), &text(5_000_000, 1))?;
        Ok(service)
    }
}

const PLUGINS: [&str; 2] = [
    "\n[plugins.stack-tags]\nsource = \"builtin:stack-tags\"\nconfig = { tags = { team = \"orders\" } }\n",
    "\n[plugins.guardrails]\nsource = \"builtin:guardrails\"\n",
];

const FOLDER_MANIFEST: &str = "\
[service]
name = \"folder\"
region = \"eu-central-1\"

[functions.site]
code = \"code\"
runtime = \"python3.12\"
handler = \"file.handler\"
";

/// Text that compresses about as well as programs do: words in random order.
fn text(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = Vec::with_capacity(size + 16);
    while text.len() < size {
        // xorshift64*, which is enough to keep the compressor busy.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        let word = state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 44;
        text.extend_from_slice(format!("{word:x} ").as_bytes());
    }
    text.truncate(size);
    text
}

/// The median.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn write(path: &Path, content: &[u8]) -> Outcome {
    let folder = path.parent().expect("a file lies in a folder");
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, content))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn remove(path: &Path) -> Outcome {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", path.display()))
        }
        _ => Ok(()),
    }
}
