//! References: whether what they name is there, and has the attribute they want.

use serde_json::Value;

use super::{Findings, Scan, keys};
use crate::hint::nearest;
use crate::template::references::{Kind, Reference};
use crate::template::{Pointer, Severity};

const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

pub(super) fn check(scan: &Scan<'_>, findings: &mut Findings) {
    for reference in &scan.references {
        match reference.kind {
            Kind::Ref => value(scan, reference, findings),
            Kind::Sub if reference.attribute.is_none() => value(scan, reference, findings),
            Kind::Sub | Kind::GetAtt => attribute(scan, reference, findings),
            Kind::DependsOn => depends_on(scan, reference, findings),
            Kind::Condition => condition(scan, reference, findings),
            Kind::FindInMap => mapping(scan, reference, findings),
        }
    }
}

/// `Ref` and `${Name}`: a parameter, a pseudo parameter or a resource.
fn value(scan: &Scan<'_>, reference: &Reference, findings: &mut Findings) {
    let target = reference.target.as_str();
    if scan.resource(target).is_some() {
        misplaced(reference, findings);
    } else if !PSEUDO_PARAMETERS.contains(&target) && !keys(scan.parameters).any(|id| id == target)
    {
        let candidates = scan.resource_ids().chain(keys(scan.parameters)).chain(PSEUDO_PARAMETERS);
        let what = "which is neither a resource nor a parameter";
        dangling(scan, "dangling-reference", reference, what, candidates, findings);
    }
}

/// `Fn::GetAtt` and `${Name.Attribute}`: an attribute of a resource.
fn attribute(scan: &Scan<'_>, reference: &Reference, findings: &mut Findings) {
    let target = reference.target.as_str();
    let Some(resource) = scan.resource(target) else {
        let what = if keys(scan.parameters).any(|id| id == target) {
            "which is a parameter; only resources have attributes"
        } else {
            "which is not a resource"
        };
        let candidates = scan.resource_ids();
        return dangling(scan, "dangling-reference", reference, what, candidates, findings);
    };
    misplaced(reference, findings);
    let (Some(wanted), Some(resource_type)) =
        (reference.attribute.as_deref(), resource.get("Type").and_then(Value::as_str))
    else {
        return;
    };
    let Some(spec) = scan.spec(resource_type) else { return };
    // `Tags.${Index}` and the like: nobody knows yet what it will be.
    if spec.has_attribute(wanted) || wanted.contains("${") {
        return;
    }
    let known: Vec<_> = spec.attributes().collect();
    let hint = match nearest(wanted, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!("{resource_type} has no attributes; use `Ref`"),
        None => format!("it has {}", listed(&known)),
    };
    findings.error(
        "unknown-attribute",
        reference.at.clone(),
        format!(
            "{} wants `{wanted}` of `{target}`, but {resource_type} has no such attribute",
            subject(reference)
        ),
        Some(hint),
    );
}

fn depends_on(scan: &Scan<'_>, reference: &Reference, findings: &mut Findings) {
    if scan.resource(&reference.target).is_none() {
        let what = "which is not a resource";
        let candidates = scan.resource_ids();
        dangling(scan, "dangling-depends-on", reference, what, candidates, findings);
    }
}

fn condition(scan: &Scan<'_>, reference: &Reference, findings: &mut Findings) {
    if !keys(scan.conditions).any(|id| id == reference.target) {
        let what = "which is not a condition of the template";
        let candidates = keys(scan.conditions);
        dangling(scan, "dangling-condition", reference, what, candidates, findings);
    }
}

/// `Fn::FindInMap`: the mapping, and its keys as far as they are plain text.
fn mapping(scan: &Scan<'_>, reference: &Reference, findings: &mut Findings) {
    let target = reference.target.as_str();
    let Some(mapping) = scan.mappings.and_then(|mappings| mappings.get(target)) else {
        let what = "which is not a mapping of the template";
        let candidates = keys(scan.mappings);
        return dangling(scan, "dangling-mapping", reference, what, candidates, findings);
    };
    let arguments =
        reference.at.parent().and_then(|call| scan.get(&call)).and_then(Value::as_array);
    let Some([_, top, second, ..]) = arguments.map(Vec::as_slice) else { return };
    // A computed first key: the second one must be in one row at least.
    let rows = mapping.as_object();
    let row = top.as_str().map(|key| (key, rows.and_then(|rows| rows.get(key))));
    if let Some((key, None)) = row {
        let near = nearest(key, keys(rows)).map(|near| format!("did you mean `{near}`?"));
        let message = format!("mapping `{target}` has no key `{key}`");
        findings.error("dangling-mapping", reference.at.clone(), message, near);
    } else if let (Some((row, Some(cells))), Some(key)) = (row, second.as_str())
        && cells.get(key).is_none()
        && cells.is_object()
    {
        let near =
            nearest(key, keys(cells.as_object())).map(|near| format!("did you mean `{near}`?"));
        let message = format!("mapping `{target}` has no key `{key}` in `{row}`");
        findings.error("dangling-mapping", reference.at.clone(), message, near);
    }
}

fn dangling<'a>(
    scan: &Scan<'_>,
    rule: &str,
    reference: &Reference,
    what: &str,
    candidates: impl Iterator<Item = &'a str>,
    findings: &mut Findings,
) {
    let target = &reference.target;
    let (severity, remedy) = if scan.macros {
        (Severity::Warning, "fine if the template's macro adds it".to_owned())
    } else {
        (Severity::Error, format!("declare `{target}`, or correct the name"))
    };
    let near = nearest(target, candidates).map(|near| format!("did you mean `{near}`?"));
    let message = format!("{} refers to `{target}`, {what}", subject(reference));
    findings.add(severity, rule, reference.at.clone(), message, Some(near.unwrap_or(remedy)));
}

/// Conditions and rules are evaluated before there are resources.
fn misplaced(reference: &Reference, findings: &mut Findings) {
    let section = reference.at.tokens().next();
    if let Some(section @ ("Conditions" | "Rules")) = section.as_deref() {
        findings.error(
            "misplaced-reference",
            reference.at.clone(),
            format!(
                "{} refers to resource `{}`, but `{section}` can use parameters only",
                subject(reference),
                reference.target
            ),
            Some("let a parameter decide".to_owned()),
        );
    }
}

/// Who refers, such as: `Ref` in output `Url`.
fn subject(reference: &Reference) -> String {
    let mut tokens = reference.at.tokens();
    let (section, id) = (tokens.next(), tokens.next());
    let owner = match section.as_deref() {
        Some("Resources") => "resource",
        Some("Outputs") => "output",
        Some("Conditions") => "condition",
        Some("Rules") => "rule",
        _ => return format!("`{}` at `{}`", reference.kind, reference.at),
    };
    format!("`{}` in {owner} `{}`", reference.kind, id.unwrap_or_default())
}

/// A few of the names, since some types have a hundred attributes.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

impl Scan<'_> {
    fn get(&self, at: &Pointer) -> Option<&Value> {
        let mut tokens = at.tokens();
        let section = self.sections.get(tokens.next()?.as_ref())?;
        tokens.try_fold(section, |value, token| match value {
            Value::Array(items) => items.get(token.parse::<usize>().ok()?),
            value => value.get(token.as_ref()),
        })
    }
}
