//! The table in `contract.rs` against `wit/pipeline.wit`.

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wit_component::dummy_module;
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

use super::super::contract::{self, Interface, Name, signature};
use super::super::engine::engine;
use super::guests;

#[test]
fn the_table_is_what_the_wit_says() {
    let world = guests::resolve(|wit| wit, "include phalanx:pipeline/everything@1.0.0;");
    let module = dummy_module(&world.0, world.1, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    let engine = engine(1 << 20).unwrap();
    let component = Component::from_binary(&engine, &guests::encode(&world, &module)).unwrap();
    let ty = component.component_type();
    let describe = |name: &str, item: ComponentItem| {
        let name = Name::parse(name).unwrap();
        let ComponentItem::ComponentInstance(instance) = item else { panic!("{name:?}") };
        let mut lines = Vec::new();
        for (function, item) in instance.exports(&engine) {
            if let ComponentItem::ComponentFunc(ty) = item.ty {
                lines.push(format!("{}.{function}: {}", name.interface, signature(&ty)));
            }
        }
        lines
    };
    let table = |interfaces: &[Interface]| {
        let mut lines = Vec::new();
        for interface in interfaces {
            for (function, ty) in interface.functions {
                lines.push(format!("{}.{function}: {ty}", interface.name));
            }
        }
        lines
    };
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };

    let exports = ty.exports(&engine).flat_map(|(name, item)| describe(name, item.ty)).collect();
    assert_eq!(sorted(exports), sorted(table(contract::EXPORTS)));

    let imports: Vec<_> =
        ty.imports(&engine).flat_map(|(name, item)| describe(name, item.ty)).collect();
    let ours = [table(contract::OBJECTS), table(contract::CAPABILITIES)].concat();
    assert_eq!(sorted(imports), sorted(ours));
}
