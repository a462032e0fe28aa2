//! What this version of Phalanx offers, function by function, to compare components with.
//!
//! A test keeps the table equal to `wit/pipeline.wit`. Types are written structurally and without
//! parameter names, which is how components are compared.

use wasmtime::component::types::{ComponentFunc, Type};

use super::hook::Hook;

/// The package of the contract.
pub(super) const PACKAGE: &str = "phalanx:pipeline";
/// The major version that is offered.
pub(super) const MAJOR: u64 = 1;
/// The version that is offered.
pub const VERSION: &str = "1.0.0";

macro_rules! failure {
    () => {
        "record { code: string, message: string, hint: option<string> }"
    };
}
/// `result<OK, failure>`
macro_rules! result {
    ($ok:literal) => {
        concat!("result<", $ok, ", ", failure!(), ">")
    };
}
macro_rules! stack_resource {
    () => {
        "record { logical-id: string, physical-id: string, type: string, status: string }"
    };
}
macro_rules! build_request {
    () => {
        "record { context-dir: string, dockerfile: string, args: list<tuple<string, string>>, tag: string, platform: option<string>, target: option<string>, labels: list<tuple<string, string>>, cache-from: list<string> }"
    };
}
macro_rules! pushed_image {
    () => {
        "record { reference: string, tag: string, digest: option<string> }"
    };
}
macro_rules! finding {
    () => {
        "record { severity: string, rule: string, at: string, message: string, hint: option<string> }"
    };
}

/// Name and type of a function.
pub(super) type Function = (&'static str, &'static str);

/// An interface with its functions.
pub(super) struct Interface {
    /// Name in the package.
    pub name: &'static str,
    /// Its functions.
    pub functions: &'static [Function],
}

const EDIT: &str = concat!("func(string, string) -> ", result!("_"));
const HOOK: &str = concat!("func() -> ", result!("_"));

/// What plugins may import and is always there.
pub(super) const OBJECTS: &[Interface] = &[
    Interface { name: "types", functions: &[] },
    Interface {
        name: "run",
        functions: &[
            ("service", "func() -> string"),
            ("stage", "func() -> string"),
            ("stack-name", "func() -> string"),
            ("region", "func() -> string"),
            ("account", "func() -> option<string>"),
            ("build-id", "func() -> string"),
            ("dry-run", "func() -> bool"),
            ("config", "func() -> string"),
        ],
    },
    Interface { name: "log", functions: &[("log", "func(string, string)")] },
    Interface {
        name: "context",
        functions: &[
            ("get", "func(string) -> option<string>"),
            ("set", EDIT),
            ("remove", concat!("func(string) -> ", result!("bool"))),
            ("keys", "func() -> list<string>"),
        ],
    },
    Interface {
        name: "template-view",
        functions: &[
            ("get", "func(string) -> option<string>"),
            ("logical-ids", "func(option<string>) -> list<string>"),
            ("document", "func() -> string"),
        ],
    },
    Interface {
        name: "template-edit",
        functions: &[
            ("set", EDIT),
            ("set-all", concat!("func(list<tuple<string, string>>) -> ", result!("_"))),
            ("add", concat!("func(string, string, string) -> ", result!("_"))),
            ("merge", EDIT),
            ("remove", concat!("func(string) -> ", result!("bool"))),
            ("replace", concat!("func(string) -> ", result!("_"))),
        ],
    },
    Interface {
        name: "artifacts",
        functions: &[
            (
                "list",
                "func() -> list<record { function: string, logical-id: string, sha256: string, size: u64 }>",
            ),
            ("files", concat!("func(string) -> ", result!("list<string>"))),
            ("read", concat!("func(string, string) -> ", result!("list<u8>"))),
            ("write", concat!("func(string, string, list<u8>, u32) -> ", result!("_"))),
        ],
    },
    Interface {
        name: "stack",
        functions: &[
            ("id", "func() -> string"),
            ("created", "func() -> bool"),
            ("unchanged", "func() -> bool"),
            ("outputs", "func() -> list<tuple<string, string>>"),
            ("resources", concat!("func() -> list<", stack_resource!(), ">")),
        ],
    },
    Interface {
        name: "outcome",
        functions: &[
            ("failed-step", "func() -> string"),
            ("error", concat!("func() -> ", failure!())),
            ("completed", "func() -> list<string>"),
        ],
    },
];

/// What plugins may import when it is granted.
pub(super) const CAPABILITIES: &[Interface] = &[
    Interface {
        name: "commands",
        functions: &[(
            "run",
            concat!(
                "func(record { argv: list<string>, dir: option<string>, env: list<tuple<string, string>>, stdin: list<u8> }) -> ",
                "result<record { status: s32, stdout: list<u8>, stderr: list<u8> }, ",
                failure!(),
                ">"
            ),
        )],
    },
    Interface {
        name: "files",
        functions: &[
            ("list", concat!("func(string) -> ", result!("list<string>"))),
            ("read", concat!("func(string) -> ", result!("list<u8>"))),
        ],
    },
    Interface { name: "environment", functions: &[("get", "func(string) -> option<string>")] },
    Interface {
        name: "images",
        functions: &[
            ("check", concat!("func(", build_request!(), ", string) -> ", result!("_"))),
            ("will-push", "func() -> bool"),
            ("fingerprint", concat!("func(", build_request!(), ") -> ", result!("string"))),
            (
                "find-in-ecr",
                concat!(
                    "func(string, string) -> result<option<",
                    pushed_image!(),
                    ">, ",
                    failure!(),
                    ">"
                ),
            ),
            (
                "build",
                concat!(
                    "func(",
                    build_request!(),
                    ") -> ",
                    result!("record { id: string, size: u64 }")
                ),
            ),
            (
                "push-to-ecr",
                concat!(
                    "func(string, string, string) -> result<",
                    pushed_image!(),
                    ", ",
                    failure!(),
                    ">"
                ),
            ),
            (
                "list-in-ecr",
                concat!("func(string) -> result<list<", pushed_image!(), ">, ", failure!(), ">"),
            ),
            ("delete-from-ecr", concat!("func(string, string) -> ", result!("bool"))),
        ],
    },
    Interface {
        name: "aws",
        functions: &[(
            "call",
            concat!(
                "func(record { service: string, action: string, method: string, path: string, headers: list<tuple<string, string>>, body: list<u8> }) -> ",
                "result<record { status: u16, headers: list<tuple<string, string>>, body: list<u8> }, ",
                failure!(),
                ">"
            ),
        )],
    },
];

/// What plugins may export.
pub(super) const EXPORTS: &[Interface] = &[
    Interface { name: CONFIGURABLE, functions: &[("config-schema", "func() -> string")] },
    Interface { name: "pre-build", functions: &[("pre-build", HOOK)] },
    Interface { name: "post-build", functions: &[("post-build", HOOK)] },
    Interface {
        name: "template-decorate",
        functions: &[("decorate-service", HOOK), ("decorate-function", EDIT)],
    },
    Interface {
        name: "template-validate",
        functions: &[(
            "validate",
            concat!("func() -> result<list<", finding!(), ">, ", failure!(), ">"),
        )],
    },
    Interface { name: "post-provision", functions: &[("post-provision", HOOK)] },
    Interface { name: "rollback", functions: &[("rollback", HOOK)] },
    Interface { name: "teardown", functions: &[("pre-delete", HOOK), ("post-delete", HOOK)] },
];

/// The optional interface that tells the schema of a plugin's config.
pub(super) const CONFIGURABLE: &str = "configurable";

/// The interface `name` among `interfaces`.
pub(super) fn find<'a>(interfaces: &'a [Interface], name: &str) -> Option<&'a Interface> {
    interfaces.iter().find(|interface| interface.name == name)
}

/// The names of all hook interfaces, for messages.
pub(super) fn hook_interfaces() -> Vec<&'static str> {
    let mut names: Vec<_> = Hook::ALL.iter().map(|hook| hook.interface()).collect();
    names.dedup();
    names
}

/// A component's interface name, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'a> {
    /// `namespace:package`
    pub package: &'a str,
    /// The interface.
    pub interface: &'a str,
    /// The version, empty when there is none.
    pub version: &'a str,
}

impl<'a> Name<'a> {
    /// None when `text` is not the name of an interface.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (path, version) = text.split_once('@').unwrap_or((text, ""));
        let (package, interface) = path.split_once('/')?;
        package.contains(':').then_some(Self { package, interface, version })
    }

    /// True when the version is of the track `major` (and `minor`, for versions below 1).
    pub(super) fn on_track(&self, major: u64, minor: Option<u64>) -> bool {
        // A pre-release is a track of its own.
        let mut numbers = self.version.split('.').map(str::parse::<u64>);
        numbers.next() == Some(Ok(major))
            && match (numbers.next(), minor) {
                (Some(Ok(found)), Some(minor)) => found == minor,
                (Some(Ok(_)), None) => true,
                _ => false,
            }
            && matches!(numbers.next(), Some(Ok(_)))
            && numbers.next().is_none()
    }
}

/// The type of a function as the table writes it.
pub(super) fn signature(function: &ComponentFunc) -> String {
    let list = |types: Vec<String>| types.join(", ");
    let mut text = String::new();
    if function.async_() {
        text.push_str("async ");
    }
    text.push_str("func(");
    text.push_str(&list(function.params().map(|(_, ty)| type_text(&ty)).collect()));
    text.push(')');
    if function.results().len() > 0 {
        text.push_str(" -> ");
        text.push_str(&list(function.results().map(|ty| type_text(&ty)).collect()));
    }
    text
}

fn type_text(ty: &Type) -> String {
    let optional = |ty: Option<Type>| ty.map_or_else(|| "_".to_owned(), |ty| type_text(&ty));
    let simple = match ty {
        Type::Bool => "bool",
        Type::S8 => "s8",
        Type::U8 => "u8",
        Type::S16 => "s16",
        Type::U16 => "u16",
        Type::S32 => "s32",
        Type::U32 => "u32",
        Type::S64 => "s64",
        Type::U64 => "u64",
        Type::Float32 => "f32",
        Type::Float64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::List(list) => return format!("list<{}>", type_text(&list.ty())),
        Type::Option(option) => return format!("option<{}>", type_text(&option.ty())),
        Type::Tuple(tuple) => {
            let types: Vec<_> = tuple.types().map(|ty| type_text(&ty)).collect();
            return format!("tuple<{}>", types.join(", "));
        }
        Type::Record(record) => {
            let field = |name: &str, ty: &Type| format!("{name}: {}", type_text(ty));
            let fields: Vec<_> =
                record.fields().map(|entry| field(entry.name, &entry.ty)).collect();
            return format!("record {{ {} }}", fields.join(", "));
        }
        Type::Variant(variant) => {
            let cases: Vec<_> = variant
                .cases()
                .map(|case| match &case.ty {
                    Some(ty) => format!("{}({})", case.name, type_text(ty)),
                    None => case.name.to_owned(),
                })
                .collect();
            return format!("variant {{ {} }}", cases.join(", "));
        }
        Type::Enum(names) => {
            return format!("enum {{ {} }}", names.names().collect::<Vec<_>>().join(", "));
        }
        Type::Flags(names) => {
            return format!("flags {{ {} }}", names.names().collect::<Vec<_>>().join(", "));
        }
        Type::Result(result) => {
            return format!("result<{}, {}>", optional(result.ok()), optional(result.err()));
        }
        Type::Own(_) => "own<resource>",
        Type::Borrow(_) => "borrow<resource>",
        _ => "a type that this version does not know",
    };
    simple.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart_and_compared_by_track() {
        let name = Name::parse("phalanx:pipeline/run@1.4.0").unwrap();
        assert_eq!((name.package, name.interface, name.version), (PACKAGE, "run", "1.4.0"));
        assert!(name.on_track(1, None) && name.on_track(1, Some(4)) && !name.on_track(1, Some(0)));
        assert!(!name.on_track(2, None));
        assert!(!Name { version: "1.0.0-rc.1", ..name }.on_track(1, None));
        assert!(!Name { version: "", ..name }.on_track(1, None));
        assert!(Name::parse("init").is_none() && Name::parse("a/b").is_none());
    }
}
