//! Checks that need more than one key: names that refer to each other, combinations that cannot work.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::Source;
use super::events::{parse_route, route_identity};
use super::include::Sections;
use super::names::logical_id;
use super::node::{Entry, Node};
use super::plugins::{has_tag, parse_source};
use super::problem::{Complaint, Problems, complaint, suggest};
use super::runtimes::RUNTIME;
use super::source::{At, Sources};
use super::stages::ParameterValues;

/// All that the checks look at.
pub(super) struct Cross<'a> {
    pub(super) tree: &'a Node,
    pub(super) sections: &'a Sections,
    pub(super) values: Option<&'a ParameterValues>,
    pub(super) sources: &'a Sources,
    pub(super) root: &'a Path,
}

impl Cross<'_> {
    /// Reports all that does not fit together.
    pub(super) fn check(&self, problems: &mut Problems) {
        self.logical_ids(problems);
        self.routes(problems);
        for (name, function) in self.tree.entries("functions") {
            self.references(name, function, problems);
            self.code(name, function, problems);
            check_function(name, function, problems);
        }
        for (name, plugin) in self.tree.entries("plugins") {
            check_plugin(name, plugin, problems);
        }
        self.parameter_values(problems);
    }

    fn place(&self, at: At) -> String {
        self.sources.locate(at).to_string()
    }

    fn logical_ids(&self, problems: &mut Problems) {
        let mut taken: HashMap<String, (String, At)> = HashMap::new();
        for section in ["Resources", "Parameters"] {
            for (id, entry) in self.sections.entries(section) {
                let what = format!("the {} `{id}`", section.trim_end_matches('s').to_lowercase());
                if let Some((other, at)) = taken.insert(id.to_owned(), (what.clone(), entry.key)) {
                    let hint = format!("{other} is at {}", self.place(at));
                    problems
                        .add(entry.key, complaint(format!("{what} has the id of {other}"), hint));
                }
            }
        }
        for (name, entry) in self.tree.entries("functions") {
            let what = format!("the function `{name}`");
            let id = logical_id(name);
            if let Some((other, at)) = taken.get(&id) {
                let message =
                    format!("{what} gets the logical id `{id}`, which {other} has already");
                let hint = format!("{other} is at {}; rename one of the two", self.place(*at));
                problems.add(entry.key, complaint(message, hint));
            } else {
                taken.insert(id, (what, entry.key));
            }
        }
    }

    fn routes(&self, problems: &mut Problems) {
        let mut taken: HashMap<String, (&str, At)> = HashMap::new();
        for (name, function) in self.tree.entries("functions") {
            for route in function.node.items("events").iter().filter_map(|event| event.get("http"))
            {
                let Some(Ok((method, path))) = route.as_text().map(parse_route) else { continue };
                let identity = route_identity(method, path);
                if let Some((other, at)) = taken.get(&identity) {
                    let message =
                        format!("the function `{other}` has the route `{method} {path}` already");
                    let hint = format!("the first is at {}", self.place(*at));
                    problems.add(route.at, complaint(message, hint));
                } else {
                    taken.insert(identity, (name, route.at));
                }
            }
        }
    }

    fn references(&self, name: &str, function: &Entry, problems: &mut Problems) {
        let plugins = || self.tree.entries("plugins").map(|(plugin, _)| plugin);
        let mut seen = HashSet::new();
        for decorator in function.node.items("decorators") {
            let Some(plugin) = decorator.as_text() else { continue };
            if !plugins().any(|known| known == plugin) {
                let message = format!(
                    "`functions.{name}.decorators` names `{plugin}`, which is no plugin of this service"
                );
                let hint = suggest(plugin, "plugins", plugins());
                let hint = if plugins().next().is_none() {
                    format!("declare it as `[plugins.{plugin}]`")
                } else {
                    hint
                };
                problems.add(decorator.at, complaint(message, hint));
            } else if !seen.insert(plugin) {
                problems.add(decorator.at, format!("`{plugin}` decorates `{name}` twice"));
            }
        }
        let functions = || self.tree.entries("functions").map(|(function, _)| function);
        let resources = || self.sections.entries("Resources").map(|(id, _)| id);
        for item in function.node.items("depends-on") {
            let Some(target) = item.as_text() else { continue };
            if target == name || target == logical_id(name) {
                problems.add(item.at, format!("the function `{name}` cannot depend on itself"));
            } else if !resources().any(|id| id == target)
                && !functions().any(|other| other == target || logical_id(other) == target)
            {
                let message = format!(
                    "`functions.{name}.depends-on` names `{target}`, which is neither a resource nor a function"
                );
                let hint =
                    suggest(target, "resources and functions", resources().chain(functions()));
                problems.add(item.at, complaint(message, hint));
            }
        }
    }

    /// Runtime, handler and code must go together.
    fn code(&self, name: &str, function: &Entry, problems: &mut Problems) {
        let Some(chosen) = function.node.entry("runtime") else { return };
        let runtime = chosen.node.as_text().unwrap_or_default();
        if runtime.starts_with("provided") || (RUNTIME.check)(runtime).is_err() {
            return;
        }
        let handler = function.node.get("handler");
        let example = handler_example(runtime);
        match handler.map(|handler| (handler, handler.as_text().unwrap_or_default())) {
            None => {
                let message =
                    format!("the function `{name}` needs a `handler` for the runtime `{runtime}`");
                problems.add(
                    chosen.key,
                    complaint(message, format!("such as `handler = \"{example}\"`")),
                );
            }
            Some((handler, text)) if !handler_fits(runtime, text) => {
                let message = format!("`{text}` is not a handler of the runtime `{runtime}`");
                problems.add(handler.at, complaint(message, format!("such as `{example}`")));
            }
            Some(_) => {}
        }
        let Some(code) = function.node.get("code") else { return };
        let path = code.as_text().unwrap_or_default();
        if !is_archive(path) && is_file(self.root, path) {
            let message = format!(
                "the code of `{name}` is a file, and the runtime `{runtime}` wants a folder"
            );
            let hint = format!(
                "name the folder that holds the handler, or leave `runtime` away: a file becomes `bootstrap` for `provided` runtimes (`{runtime}` starts `{example}`)"
            );
            problems.add(code.at, complaint(message, hint));
        }
    }

    fn parameter_values(&self, problems: &mut Problems) {
        let declared = || self.sections.entries("Parameters").map(|(name, _)| name);
        for (name, entry) in self.values.into_iter().flatten() {
            if !declared().any(|parameter| parameter == name) {
                let message = format!("there is no parameter `{name}` to give a value to");
                let hint = if declared().next().is_none() {
                    format!("declare it: `[parameters.{name}]` with `Type = \"String\"`")
                } else {
                    suggest(name, "parameters", declared())
                };
                problems.add(entry.key, complaint(message, hint));
            }
        }
    }
}

/// True for what is taken as a ready-made package.
fn is_archive(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["zip", "jar"].iter().any(|archive| ending.eq_ignore_ascii_case(archive))
}

/// By what is on disk, or by the name's ending when nothing has been built yet.
fn is_file(root: &Path, path: &str) -> bool {
    const FILES: [&str; 8] = ["py", "js", "mjs", "cjs", "ts", "rb", "java", "dll"];
    match crate::fs::metadata(&root.join(path)) {
        Ok(metadata) => metadata.is_file(),
        Err(_) => path.rsplit_once('.').is_some_and(|(_, ending)| FILES.contains(&ending)),
    }
}

fn handler_example(runtime: &str) -> &'static str {
    match runtime.trim_end_matches(|c: char| !c.is_ascii_alphabetic()) {
        runtime if runtime.starts_with("python") => "app.handler",
        runtime if runtime.starts_with("java") => "com.example.App::handle",
        runtime if runtime.starts_with("dotnet") => "App::Example.App::Handle",
        _ => "index.handler",
    }
}

fn handler_fits(runtime: &str, handler: &str) -> bool {
    if handler.is_empty() || handler.len() > 128 || handler.contains(char::is_whitespace) {
        return false;
    }
    let parts = |separator| handler.split(separator).filter(|part: &&str| !part.is_empty()).count();
    if runtime.starts_with("python") || runtime.starts_with("nodejs") || runtime.starts_with("ruby")
    {
        parts(".") >= 2
    } else {
        true
    }
}

fn check_function(name: &str, function: &Entry, problems: &mut Problems) {
    /// Lambda's limit for all variables together.
    const ENVIRONMENT: usize = 4096;
    let function_node = &function.node;
    if let (Some(_), Some(permissions)) =
        (function_node.get("role"), function_node.entry("permissions"))
    {
        let message = format!("the function `{name}` has both `role` and `permissions`");
        problems.add(permissions.key, complaint(message, "permissions belong to the function's own role: grant them to the existing one where it is made"));
    }
    let environment = function_node.scalars("environment");
    let size: usize = environment.iter().map(|(key, value)| key.len() + value.len()).sum();
    if let Some(entry) = function_node.entry("environment").filter(|_| size > ENVIRONMENT) {
        let message =
            format!("the environment of `{name}` has {size} bytes, Lambda allows {ENVIRONMENT}");
        problems.add(entry.key, message);
    }
    let mut urls = function_node.items("events").iter().filter_map(|event| event.entry("url"));
    if let Some(second) = urls.nth(1) {
        problems.add(second.key, format!("the function `{name}` can have only one URL"));
    }
}

fn check_plugin(name: &str, plugin: &Entry, problems: &mut Problems) {
    let source = plugin.node.get("source").and_then(Node::as_text).map(parse_source);
    if let (Some(signer), Some(Ok(Source::Builtin(_) | Source::File(_)))) =
        (plugin.node.entry("signer"), &source)
    {
        let problem = complaint(
            format!("the plugin `{name}` cannot have a `signer`"),
            "only sources in registries are signed",
        );
        problems.add(signer.key, problem);
    }
    let Some(version) = plugin.node.entry("version") else { return };
    let problem: Complaint = match source {
        Some(Ok(Source::Oci(reference))) if has_tag(&reference) => complaint(
            format!("the plugin `{name}` has both a `version` and a tag or digest in its `source`"),
            "leave one of them away; the lock file keeps the digest",
        ),
        Some(Ok(Source::Builtin(_) | Source::File(_))) => complaint(
            format!("the plugin `{name}` cannot have a `version`"),
            "only sources in registries have versions",
        ),
        _ => return,
    };
    problems.add(version.key, problem);
}
