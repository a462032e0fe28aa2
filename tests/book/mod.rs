//! The book in `docs`: every page is in its summary, every link leads somewhere, and every block of code is run, read
//! by the program, or a quotation.

/// The page of the contract, from the WIT.
mod contract;
/// The first plugin, in each language.
mod first_plugin;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use phalanx::manifest::read_policy;

use crate::support::{Project, repository};

/// Pages whose console blocks tests run, each where the story is told.
const RUN: [&str; 2] = ["docs/sharing-plugins.md", "docs/first-plugin/"];
/// Pages that are made by tests from what the program says.
const MADE: [&str; 3] = ["docs/reference/", "docs/iam.md", "docs/states.md"];

/// The pages, as paths in the repository.
fn pages() -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(repository().join("docs")).sort_by_file_name();
    let files = entries.into_iter().map(|entry| entry.unwrap().into_path());
    let root = repository();
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| path.strip_prefix(&root).unwrap().to_owned())
        .collect()
}

fn read(page: &Path) -> String {
    fs::read_to_string(repository().join(page)).unwrap()
}

#[test]
fn the_summary_has_every_page_once() {
    let listed = links(&read(Path::new("docs/SUMMARY.md")));
    let listed: Vec<_> = listed.iter().map(|link| Path::new("docs").join(link)).collect();
    let once: BTreeSet<_> = listed.iter().cloned().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let pages = pages().into_iter().filter(|page| !page.ends_with("SUMMARY.md"));
    assert_eq!(once, pages.collect());
}

#[test]
fn links_lead_somewhere() {
    let root = repository();
    let readmes = [
        "README.md",
        "CONTRIBUTING.md",
        "plugins/sdk/README.md",
        "plugins/sdk-js/README.md",
        "plugins/sdk-python/README.md",
    ]
    .map(PathBuf::from);
    let mut broken = Vec::new();
    for page in pages().into_iter().chain(readmes) {
        for link in links(&read(&page)) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            // mdBook takes nothing along that is not in `docs`.
            let leaves = page.starts_with("docs") && {
                let depth = path.split('/').filter(|part| *part == "..").count();
                depth + 1 >= page.components().count()
            };
            let is_there = root.join(&target).exists() && !leaves;
            if !is_there || (!anchor.is_empty() && !anchors(&read(&target)).contains(anchor)) {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

/// Where the links of a page lead, as they are written.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        // What stands in `…` is no link.
        let prose: String = line.split('`').step_by(2).collect();
        let rest = prose.split("](").skip(1);
        links.extend(rest.filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
    }
    links
}

/// The names of a page's headings, as links use them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let name = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(name).collect()
}

/// A block of code.
struct Block {
    /// Page and line.
    place: String,
    language: String,
    /// The file that it is, behind the language: `toml phalanx.toml`.
    file: String,
    text: String,
}

fn blocks(page: &Path, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let (language, file) = info.split_once(' ').unwrap_or((info, ""));
        let inside = lines.by_ref().take_while(|(_, line)| line.trim_start() != "```");
        blocks.push(Block {
            place: format!("{}:{}", page.display(), number + 1),
            language: language.to_owned(),
            file: file.to_owned(),
            text: inside.map(|(_, line)| line.to_owned() + "\n").collect(),
        });
    }
    blocks
}

#[test]
fn every_block_of_code_is_tested() {
    let sources = sources();
    let mut untested = Vec::new();
    for page in pages() {
        let name = page.display().to_string();
        if MADE.iter().any(|made| name.starts_with(made)) {
            continue;
        }
        for block in blocks(&page, &read(&page)) {
            let is_run = RUN.iter().any(|run| name.starts_with(run));
            let is_tested = match (&block.language[..], &block.file[..]) {
                ("console", _) => is_run,
                // Run, too, as soon as the file stands beside the commands.
                _ if is_run && !block.file.is_empty() => true,
                ("toml", "phalanx.toml") => is_manifest(&block),
                ("toml", "policy.toml") => read_policy(&name, block.text.clone()).is_ok(),
                ("sh", _) => are_commands(&block.text),
                _ => sources.iter().any(|source| source.contains(&trimmed(&block.text))),
            };
            if !is_tested {
                untested.push(format!("{} ({} {})", block.place, block.language, block.file));
            }
        }
    }
    assert_eq!(untested, [""; 0]);
}

/// Whether these are commands that the program understands. Others, such as `cd`, are the reader's.
fn are_commands(text: &str) -> bool {
    let project = Project::new("");
    text.lines().filter_map(|line| line.strip_prefix("phalanx ")).all(|line| {
        let command = line.split(" #").next().unwrap().trim();
        project.phalanx(&format!("{command} --help")).finish().code == Some(0)
    })
}

/// Whether this is a manifest, or becomes one with a name and a region.
fn is_manifest(block: &Block) -> bool {
    let mut text = block.text.clone();
    if !text.contains("[service]") {
        text.insert_str(0, "[service]\nname = \"shop\"\nregion = \"eu-central-1\"\n\n");
    }
    let project = Project::new(&text);
    let told = project.phalanx("plugin list").finish();
    // Its plugins need not be there.
    told.code == Some(0) || told.code == Some(3)
}

/// What may be quoted: examples, templates of new projects, and what tests run.
fn sources() -> Vec<String> {
    let folders = ["examples", "host/src/cli/templates", "plugins", "tests", "wit"];
    let entries = folders.iter().flat_map(|folder| {
        let is_source = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy();
            !["target", "node_modules", ".phalanx"].contains(&&*name)
        };
        walkdir::WalkDir::new(repository().join(folder)).into_iter().filter_entry(is_source)
    });
    let files = entries.map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .map(|text| trimmed(&text))
        .collect()
}

/// The lines without what surrounds them, and without the marks of templates.
fn trimmed(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with("{{"));
    lines.map(|line| line.to_owned() + "\n").collect()
}
