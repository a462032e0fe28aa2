//! The table in `contract.rs` against `wit/pipeline.wit`, and that against what was released.

use std::collections::BTreeSet;

use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;
use wit_component::dummy_module;
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

use super::super::contract::{self, Interface, Name, signature};
use super::super::engine::{Metering, engine};
use super::{Hook, Rig, guests};

#[test]
fn the_table_is_what_the_wit_says() {
    let today = Described::of(contract::VERSION, |wit| wit);
    let table = |interfaces: &[Interface]| {
        let mut lines = Vec::new();
        for interface in interfaces {
            for (function, ty) in interface.functions {
                lines.push(format!("{}.{function}: {ty}", interface.name));
            }
        }
        lines
    };
    let ours = [table(contract::OBJECTS), table(contract::CAPABILITIES)].concat();
    assert_eq!(today.imports, ours.into_iter().collect());
    assert_eq!(today.exports, table(contract::EXPORTS).into_iter().collect());
}

/// What is released stays: its functions are there with their types, and hooks have no others.
#[test]
fn what_is_frozen_is_still_offered() {
    let today = Described::of(contract::VERSION, |wit| wit);
    for (version, wit) in FROZEN {
        let frozen = Described::of(version, |_| wit.to_owned());
        let broken =
            format!("version {version} is released, and stays: see `wit/frozen/README.md`");
        let gone: Vec<_> = frozen.imports.difference(&today.imports).collect();
        assert!(gone.is_empty(), "{broken}\n{gone:#?}");
        let of = |interface: &str| -> BTreeSet<_> {
            let own = format!("{interface}.");
            today.exports.iter().filter(|line| line.starts_with(&own)).cloned().collect()
        };
        let interfaces = frozen.exports.iter().filter_map(|line| line.split('.').next());
        let now: BTreeSet<_> = interfaces.flat_map(of).collect();
        assert_eq!(now, frozen.exports, "{broken}");
        // It is loaded, too.
        let inspection = Rig::new().host.inspect("frozen", &frozen.component).unwrap();
        assert_eq!(inspection.hooks, Hook::ALL);
    }
}

/// The current version is released under its number, or has a new one.
#[test]
fn a_released_number_is_one_contract() {
    let today = include_str!("../../../../wit/pipeline.wit");
    let number = |wit: &str| {
        let rest = wit.split("package phalanx:pipeline@").nth(1).unwrap();
        rest.split(';').next().unwrap().to_owned()
    };
    assert_eq!(number(today), contract::VERSION);
    for (version, wit) in FROZEN {
        assert_eq!(number(wit), version);
        assert!(number(today) != version || today == wit, "{version} is released as it was");
    }
}

/// The contract as released versions had it.
const FROZEN: [(&str, &str); 1] =
    [("1.0.0", include_str!("../../../../wit/frozen/1.0.0/pipeline.wit"))];

/// A component of everything that a contract has, and its functions with their types.
struct Described {
    component: Vec<u8>,
    imports: BTreeSet<String>,
    exports: BTreeSet<String>,
}

impl Described {
    fn of(version: &str, contract: impl Fn(String) -> String) -> Self {
        let world = format!("include phalanx:pipeline/everything@{version};");
        let world = guests::resolve(contract, &world);
        let module = dummy_module(&world.0, world.1, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
        let engine = engine(1 << 20, Metering::Off).unwrap();
        let bytes = guests::encode(&world, &module);
        let component = Component::from_binary(&engine, &bytes).unwrap();
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
        Self {
            imports: ty.imports(&engine).flat_map(|(name, item)| describe(name, item.ty)).collect(),
            exports: ty.exports(&engine).flat_map(|(name, item)| describe(name, item.ty)).collect(),
            component: bytes,
        }
    }
}
