//! What a component is: read from its bytes and its type, before any of its code runs.

use std::time::Duration;

use serde::Serialize;
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::{ComponentFunc, ComponentItem};

use super::contract::{self, Interface, Name};
use super::error::Problem;
use super::hook::Hook;
use super::outline::{Outline, shown};
use crate::digest::Digest;
use crate::text::{safe_line, shorten};

/// The packages of WASI 0.2 that are linked, without powers.
const WASI: [&str; 7] = [
    "wasi:cli",
    "wasi:clocks",
    "wasi:filesystem",
    "wasi:http",
    "wasi:io",
    "wasi:random",
    "wasi:sockets",
];

/// What a component says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Inspection {
    /// The component's own name.
    pub name: Option<String>,
    /// The component's own version.
    pub version: Option<String>,
    /// Digest of the component.
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
    /// The hooks it exports, in the order of the pipeline.
    pub hooks: Vec<Hook>,
    /// It has a schema for its config.
    pub configurable: bool,
    /// The objects it imports, sorted.
    pub objects: Vec<String>,
    /// What it needs grants for, sorted.
    pub capabilities: Vec<Capability>,
    /// The WASI interfaces it imports, which are inert, sorted.
    pub wasi: Vec<String>,
    /// Interfaces of the contract's package that it exports and this Phalanx does not know, sorted.
    pub ignored: Vec<String>,
    /// How long it took to compile it, here; none as long as it is not compiled.
    #[serde(skip)]
    pub compile_time: Option<Duration>,
    /// All interfaces that it imports, by their whole names, in its own order.
    #[serde(skip)]
    pub imports: Vec<String>,
    /// All that it exports.
    #[serde(skip)]
    pub exports: Vec<String>,
}

/// A capability that a component imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Capability {
    /// The interface, such as `commands`.
    pub interface: String,
    /// The functions that it lists, sorted.
    pub functions: Vec<String>,
    /// The key in `[plugins.NAME.grants]`.
    pub grant: &'static str,
}

impl Inspection {
    /// True when it can edit the template.
    pub fn edits_template(&self) -> bool {
        self.objects.iter().any(|object| object == "template-edit")
    }

    /// True when it can ask for HTTP; which hosts it reaches is up to the grant `network`.
    pub fn uses_http(&self) -> bool {
        self.wasi.iter().any(|name| name.starts_with("wasi:http/"))
    }
}

/// What can be told without compiling: names and version, imported and exported interfaces. The functions of
/// the capabilities are not known yet.
pub(super) fn inspect(digest: Digest, outline: Outline) -> Result<Inspection, Problem> {
    let (inspection, problems) = examine(digest, outline);
    problems.into_iter().next().map_or(Ok(inspection), Err)
}

/// [`inspect`], with all that keeps the component from being a plugin.
pub(super) fn examine(digest: Digest, outline: Outline) -> (Inspection, Vec<Problem>) {
    let mut inspection = Inspection {
        name: outline.name,
        version: outline.version,
        digest,
        size: outline.size,
        compile_time: None,
        hooks: Vec::new(),
        configurable: false,
        objects: Vec::new(),
        capabilities: Vec::new(),
        wasi: Vec::new(),
        ignored: Vec::new(),
        imports: Vec::new(),
        exports: Vec::new(),
    };
    let imports = outline.imports.iter().map(|import| inspection.import(import));
    let mut problems: Vec<_> = imports.filter_map(Result::err).collect();
    let exports = outline.exports.iter().map(|export| inspection.export(export));
    problems.extend(exports.filter_map(Result::err));
    // One for another version of the contract has hooks, that are none here.
    let other = |problem: &Problem| matches!(problem, Problem::WrongVersion { .. });
    if inspection.hooks.is_empty() && !problems.iter().any(other) {
        let exports = outline.exports.iter().take(10).map(|name| shown(name)).collect();
        problems.push(Problem::NoHook { exports });
    }
    inspection.imports = outline.imports;
    inspection.exports = outline.exports;
    inspection.hooks.sort_unstable();
    inspection.hooks.dedup();
    for list in [&mut inspection.objects, &mut inspection.wasi, &mut inspection.ignored] {
        list.sort_unstable();
        list.dedup();
    }
    inspection.capabilities.sort_unstable_by(|a, b| a.interface.cmp(&b.interface));
    inspection.capabilities.dedup_by(|a, b| a.interface == b.interface);
    (inspection, problems)
}

impl Inspection {
    fn import(&mut self, import: &str) -> Result<(), Problem> {
        let unknown = || Problem::UnknownImport { import: shown(import) };
        let name = Name::parse(import).ok_or_else(unknown)?;
        if name.package == contract::PACKAGE {
            self.contract_import(import, name)
        } else if name.package.starts_with("wasi:") && name.version.starts_with("0.3.") {
            Err(Problem::FutureWasi { import: shown(import) })
        } else if WASI.contains(&name.package) && name.on_track(0, Some(2)) {
            self.wasi.push(import.to_owned());
            Ok(())
        } else {
            Err(unknown())
        }
    }

    fn contract_import(&mut self, import: &str, name: Name<'_>) -> Result<(), Problem> {
        if !name.on_track(contract::MAJOR, None) {
            return Err(Problem::WrongVersion { interface: shown(import) });
        }
        if contract::find(contract::OBJECTS, name.interface).is_some() {
            if name.interface != "types" {
                self.objects.push(name.interface.to_owned());
            }
            return Ok(());
        }
        if contract::find(contract::CAPABILITIES, name.interface).is_none() {
            return Err(Problem::UnknownImport { import: shown(import) });
        }
        self.capabilities.push(Capability {
            interface: name.interface.to_owned(),
            functions: Vec::new(),
            grant: grant_key(name.interface),
        });
        Ok(())
    }

    fn export(&mut self, export: &str) -> Result<(), Problem> {
        // Toolchains leave exports of their own, such as `init`: no concern of ours.
        let Some(name) = Name::parse(export) else { return Ok(()) };
        if name.package != contract::PACKAGE {
            return Ok(());
        }
        if !name.on_track(contract::MAJOR, None) {
            return Err(Problem::WrongVersion { interface: shown(export) });
        }
        if name.interface == contract::CONFIGURABLE {
            self.configurable = true;
            return Ok(());
        }
        let before = self.hooks.len();
        self.hooks.extend(Hook::ALL.iter().filter(|hook| hook.interface() == name.interface));
        if self.hooks.len() == before {
            self.ignored.push(shown(export));
        }
        Ok(())
    }

    /// Compares every function of the compiled component with the contract, and notes which functions
    /// of the capabilities it lists.
    pub(super) fn check_types(
        &mut self,
        engine: &Engine,
        component: &Component,
    ) -> Result<(), Problem> {
        self.compare_types(engine, component).into_iter().next().map_or(Ok(()), Err)
    }

    /// [`Self::check_types`], with every difference.
    pub(super) fn compare_types(&mut self, engine: &Engine, component: &Component) -> Vec<Problem> {
        let ty = component.component_type();
        let mut problems = Vec::new();
        for (import, item) in ty.imports(engine) {
            let Some(name) = Name::parse(import).filter(|name| name.package == contract::PACKAGE)
            else {
                continue;
            };
            let functions = match functions(engine, import, item.ty) {
                Ok(functions) => functions,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            if let Some(capability) =
                self.capabilities.iter_mut().find(|known| known.interface == name.interface)
            {
                capability.functions = functions.iter().map(|(name, _)| name.clone()).collect();
                capability.functions.sort_unstable();
            }
            let known = contract::find(contract::OBJECTS, name.interface)
                .or_else(|| contract::find(contract::CAPABILITIES, name.interface));
            if let Some(interface) = known {
                problems.extend(differences_of_import(import, interface, &functions));
            }
        }
        for (export, item) in ty.exports(engine) {
            let Some(name) = Name::parse(export).filter(|name| name.package == contract::PACKAGE)
            else {
                continue;
            };
            let Some(interface) = contract::find(contract::EXPORTS, name.interface) else {
                continue;
            };
            match functions(engine, export, item.ty) {
                Ok(functions) => {
                    problems.extend(differences_of_export(export, interface, &functions));
                }
                Err(problem) => problems.push(problem),
            }
        }
        problems
    }
}

type Functions = Vec<(String, ComponentFunc)>;

/// The functions of an imported or exported interface.
fn functions(engine: &Engine, interface: &str, item: ComponentItem) -> Result<Functions, Problem> {
    let ComponentItem::ComponentInstance(instance) = item else {
        return Err(Problem::Invalid { reason: format!("`{}` is no interface", shown(interface)) });
    };
    let mut functions = Vec::new();
    for (name, item) in instance.exports(engine) {
        if let ComponentItem::ComponentFunc(function) = item.ty {
            functions.push((name.to_owned(), function));
        }
    }
    Ok(functions)
}

/// A component may import less than there is, and never more.
fn differences_of_import(
    import: &str,
    interface: &Interface,
    functions: &Functions,
) -> Vec<Problem> {
    let differences = functions.iter().map(|(name, function)| {
        let known = interface.functions.iter().find(|(known, _)| known == name);
        let newer = || Problem::NewerFunction { interface: shown(import), function: shown(name) };
        let (_, expected) = known.ok_or_else(newer)?;
        check_signature(import, name, expected, function)
    });
    differences.filter_map(Result::err).collect()
}

/// A component may export more than is called, and never less.
fn differences_of_export(
    export: &str,
    interface: &Interface,
    functions: &Functions,
) -> Vec<Problem> {
    let differences = interface.functions.iter().map(|(name, expected)| {
        let found = functions.iter().find(|(known, _)| known == name);
        let missing = || Problem::MissingFunction { interface: shown(export), function: name };
        let (_, function) = found.ok_or_else(missing)?;
        check_signature(export, name, expected, function)
    });
    differences.filter_map(Result::err).collect()
}

fn check_signature(
    interface: &str,
    name: &str,
    expected: &str,
    function: &ComponentFunc,
) -> Result<(), Problem> {
    let found = contract::signature(function);
    if found == expected {
        return Ok(());
    }
    Err(Problem::WrongType {
        interface: shown(interface),
        function: shown(name),
        expected: expected.to_owned(),
        found: shorten(&safe_line(&found), 1_000).into_owned(),
    })
}

fn grant_key(interface: &str) -> &'static str {
    match interface {
        "commands" => "commands",
        "files" => "files",
        "environment" => "env",
        "images" => "images",
        _ => "aws",
    }
}
