//! The plugins inside this binary: `source = "builtin:NAME"`.
//!
//! `build.rs` makes them from `plugins/`; their version is that of the binary.

/// Name and component, sorted by name.
static BUILTIN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The component of a built-in plugin.
#[must_use]
pub fn get(name: &str) -> Option<&'static [u8]> {
    let index = BUILTIN.binary_search_by_key(&name, |(name, _)| name).ok()?;
    Some(BUILTIN[index].1)
}

/// The names of all built-in plugins, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use wasmtime::Engine;
    use wasmtime::component::Component;

    use super::*;

    /// The component's type is the plugin's manifest: this is what each may do.
    #[test]
    fn each_imports_what_it_uses_and_exports_its_hooks() {
        let engine = Engine::default();
        let short = |name: &str| {
            let name = name.strip_prefix("phalanx:pipeline/").expect("an interface of ours");
            name.strip_suffix("@1.0.0").expect("the first version").to_owned()
        };
        let mut types = String::new();
        for name in names() {
            let component = Component::new(&engine, get(name).expect("a listed name")).expect(name);
            let component = component.component_type();
            let imports: BTreeSet<_> = component.imports(&engine).map(|(i, _)| short(i)).collect();
            let exports: BTreeSet<_> = component.exports(&engine).map(|(e, _)| short(e)).collect();
            writeln!(types, "{name}: {imports:?} -> {exports:?}").expect("a text takes any line");
        }
        insta::assert_snapshot!(types, @r#"
        dashboard: {"log", "run", "template-edit", "template-view", "types"} -> {"configurable", "template-decorate"}
        docker-ecr: {"context", "images", "log", "run", "types"} -> {"configurable", "post-build", "pre-build", "rollback", "teardown"}
        ecs-cluster: {"context", "log", "run", "template-edit", "template-view", "types"} -> {"configurable", "pre-build", "template-decorate"}
        error-alarms: {"log", "run", "template-edit", "template-view", "types"} -> {"configurable", "template-decorate"}
        guardrails: {"log", "run", "template-view", "types"} -> {"configurable", "template-validate"}
        stack-tags: {"log", "run", "template-edit", "template-view", "types"} -> {"configurable", "template-decorate"}
        "#);
    }

    #[test]
    fn each_carries_its_version() {
        for name in names() {
            let version = format!("version{}", env!("CARGO_PKG_VERSION"));
            assert!(get(name).expect("a listed name").ends_with(version.as_bytes()), "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_none() {
        assert_eq!(get("nope"), None);
        assert!(names().is_sorted());
    }
}
