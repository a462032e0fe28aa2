//! Ids: what they are made of, and that no two mean different things.

use super::{Findings, Scan, is_macro_key, keys};
use crate::template::Pointer;

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    let sections = [
        ("Parameters", scan.parameters),
        ("Mappings", scan.mappings),
        ("Conditions", scan.conditions),
        ("Resources", scan.resources),
        ("Outputs", scan.outputs),
    ];
    for (section, entries) in sections {
        for id in keys(entries).filter(|id| !is_legal(id) && !is_macro_key(id)) {
            let at = Pointer::of([section, id]);
            if section == "Parameters" && id.starts_with("AWS::") {
                let message = format!("parameter `{id}` has the name of a pseudo parameter");
                let hint = "names that begin with `AWS::` are CloudFormation's; choose another";
                findings.error("reserved-name", at, message, Some(hint.to_owned()));
                continue;
            }
            let suggestion: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
            let hint = match suggestion.as_str() {
                "" => "give it a name of ASCII letters and digits".to_owned(),
                name => format!("call it `{name}`"),
            };
            let message =
                format!("`{id}` in `{section}` is not made of ASCII letters and digits only");
            findings.error("illegal-id", at, message, Some(hint));
        }
    }
    for id in keys(scan.parameters) {
        if scan.resource(id).is_some() {
            findings.error(
                "duplicate-id",
                Pointer::of(["Parameters", id]),
                format!("`{id}` is both a parameter and a resource"),
                Some("rename one of the two: `Ref` could mean either".to_owned()),
            );
        }
    }
}

fn is_legal(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
