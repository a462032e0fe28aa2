//! Makes `plugins/sdk-js/phalanx/wit.d.ts` from the contract, as jco passes its values.

use std::fmt::Write as _;

use wit_parser::{
    Docs, Function, Interface, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem,
};

use crate::support::{golden, repository};

const HEAD: &str = "\
// What the host offers: made from `wit/pipeline.wit` by `tests/plugin_new/types.rs`.

/** The run's log. */
declare const console: Record<'log' | 'info' | 'debug' | 'warn' | 'error', (...values: unknown[]) => void>;
";

#[test]
fn the_types_for_javascript_are_those_of_the_contract() {
    let wit = std::fs::read_to_string(repository().join("wit/pipeline.wit")).unwrap();
    let mut resolve = Resolve::default();
    let package = resolve.push_source("pipeline.wit", &wit).unwrap();
    let world = &resolve.worlds[resolve.packages[package].worlds["everything"]];
    let mut text = HEAD.to_owned();
    for item in world.imports.values() {
        let WorldItem::Interface { id, .. } = item else {
            panic!("a contract has interfaces alone")
        };
        let module = resolve.id_of(*id).unwrap();
        write!(text, "\ndeclare module '{module}' {{\n").unwrap();
        Types { resolve: &resolve }.interface(&resolve.interfaces[*id], &mut text);
        text.push_str("}\n");
    }
    golden::assert_file("plugins/sdk-js/phalanx/wit.d.ts", &text);
}

struct Types<'a> {
    resolve: &'a Resolve,
}

impl Types<'_> {
    fn interface(&self, interface: &Interface, text: &mut String) {
        for (name, id) in &interface.types {
            let kind = &self.resolve.types[*id];
            match &kind.kind {
                TypeDefKind::Record(record) => {
                    told(&kind.docs, "  ", text);
                    writeln!(text, "  export interface {} {{", pascal(name)).unwrap();
                    for field in &record.fields {
                        told(&field.docs, "    ", text);
                        let (mark, of) = match self.optional(&field.ty) {
                            Some(of) => ("?", of),
                            None => ("", field.ty),
                        };
                        writeln!(text, "    {}{mark}: {};", camel(&field.name), self.of(&of))
                            .unwrap();
                    }
                    text.push_str("  }\n");
                }
                // What fails is thrown, so that no function mentions it.
                TypeDefKind::Type(_) => {}
                other => panic!("no plugin has met a {} yet: {name}", other.as_str()),
            }
        }
        for function in interface.functions.values() {
            self.function(function, text);
        }
    }

    fn function(&self, function: &Function, text: &mut String) {
        told(&function.docs, "  ", text);
        let params = function.params.iter().map(|param| {
            // The one reserved word among them.
            let name = if param.name == "function" { "fn".to_owned() } else { camel(&param.name) };
            format!("{name}: {}", self.of(&param.ty))
        });
        let params = params.collect::<Vec<_>>().join(", ");
        let result = function.result.as_ref().map_or_else(|| "void".to_owned(), |ty| self.of(ty));
        writeln!(text, "  export function {}({params}): {result};", camel(&function.name)).unwrap();
    }

    fn of(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "boolean".to_owned(),
            Type::String | Type::Char => "string".to_owned(),
            Type::U64 | Type::S64 => "bigint".to_owned(),
            Type::Id(id) => self.named(*id),
            _ => "number".to_owned(),
        }
    }

    fn named(&self, id: TypeId) -> String {
        let ty = &self.resolve.types[id];
        match &ty.kind {
            TypeDefKind::Record(_) => {
                let name = pascal(ty.name.as_deref().expect("records have names"));
                let TypeOwner::Interface(owner) = ty.owner else {
                    panic!("{name} has no interface")
                };
                match self.resolve.interfaces[owner].name.as_deref() {
                    Some("types") => {
                        let module = self.resolve.id_of(owner).unwrap();
                        format!("import('{module}').{name}")
                    }
                    _ => name,
                }
            }
            TypeDefKind::Type(of) => self.of(of),
            TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
            TypeDefKind::List(of) => format!("{}[]", self.of(of)),
            TypeDefKind::Option(of) => format!("{} | undefined", self.of(of)),
            TypeDefKind::Tuple(tuple) => {
                let types: Vec<_> = tuple.types.iter().map(|ty| self.of(ty)).collect();
                format!("[{}]", types.join(", "))
            }
            TypeDefKind::Result(result) => {
                result.ok.as_ref().map_or_else(|| "void".to_owned(), |ty| self.of(ty))
            }
            other => panic!("no plugin has met a {} yet", other.as_str()),
        }
    }

    fn optional(&self, ty: &Type) -> Option<Type> {
        let Type::Id(id) = ty else { return None };
        match self.resolve.types[*id].kind {
            TypeDefKind::Option(of) => Some(of),
            _ => None,
        }
    }
}

fn told(docs: &Docs, indent: &str, text: &mut String) {
    let Some(docs) = docs.contents.as_deref().map(str::trim) else { return };
    let lines: Vec<_> = docs.lines().map(str::trim).collect();
    match &lines[..] {
        [line] => writeln!(text, "{indent}/** {line} */").unwrap(),
        lines => {
            writeln!(text, "{indent}/**").unwrap();
            for line in lines {
                writeln!(text, "{indent} * {line}").unwrap();
            }
            writeln!(text, "{indent} */").unwrap();
        }
    }
}

fn camel(name: &str) -> String {
    let pascal = pascal(name);
    pascal[..1].to_lowercase() + &pascal[1..]
}

fn pascal(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
