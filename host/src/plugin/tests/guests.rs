//! Makes components for the tests: a world of the contract, and a core module in text.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

const CONTRACT: &str = include_str!("../../../../wit/pipeline.wit");

/// What every module has: memory, an allocator that never frees, and zeros at 1024, which read as a
/// successful result.
const BASE: &str = r#"
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 4096))
    (func $alloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
        (global.set $next (i32.add (local.get $at) (local.get 3)))
        (block $fits
            (br_if $fits (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))
            (br_if $fits (i32.ne (i32.const -1) (memory.grow (i32.add (i32.const 1)
                (i32.div_u (local.get 3) (i32.const 65536))))))
            unreachable)
        (local.get $at))
"#;

/// The contract's package, changed by `change`, with the world `guest` beside it.
pub(super) fn resolve(change: impl Fn(String) -> String, world: &str) -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    resolve.push_str("pipeline.wit", &change(CONTRACT.to_owned())).unwrap();
    let text = format!("package test:guest; world guest {{ {world} }}");
    let package = resolve.push_str("guest.wit", &text).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    (resolve, world)
}

/// Makes `module` a component of the world that [`resolve`] gave.
pub(super) fn encode((resolve, world): &(Resolve, WorldId), module: &[u8]) -> Vec<u8> {
    let mut module = module.to_vec();
    embed_component_metadata(&mut module, resolve, *world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}

/// A component whose world imports and exports these interfaces of the contract, with this module:
/// imports first, the rest after [`BASE`].
pub(super) fn component(world: &str, imports: &str, rest: &str) -> Vec<u8> {
    let module = format!("(module {imports} {BASE} {rest})");
    let world: String = world
        .split_whitespace()
        .map(|name| match name.strip_prefix('+') {
            Some(export) => format!("export phalanx:pipeline/{export}@1.0.0; "),
            None => format!("import phalanx:pipeline/{name}@1.0.0; "),
        })
        .collect();
    encode(&resolve(|wit| wit, &world), &wat::parse_str(&module).unwrap())
}

/// The start of an import of the contract.
pub(super) fn import(interface: &str, function: &str, ty: &str) -> String {
    format!(
        "(import \"phalanx:pipeline/{interface}@1.0.0\" \"{function}\" (func ${function} {ty}))"
    )
}

/// An exported hook function.
pub(super) fn hook(interface: &str, function: &str, body: &str) -> String {
    format!(
        "(func $hook (export \"phalanx:pipeline/{interface}@1.0.0#{function}\") (result i32) {body} (i32.const 1024))"
    )
}

/// A plugin with only `pre-build`, which does `body`.
pub(super) fn pre_build(body: &str) -> Vec<u8> {
    component("+pre-build", "", &hook("pre-build", "pre-build", body))
}

/// Text in memory: the data, and its place and length as two constants.
pub(super) fn text(at: usize, text: &str) -> (String, String) {
    let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    (
        format!("(data (i32.const {at}) \"{escaped}\")"),
        format!("(i32.const {at}) (i32.const {})", text.len()),
    )
}
