//! Draws a plan for people, grouped by who caused each change.

use std::fmt::Write as _;

use phalanx::pipeline::{Judge, PlanResult};
use phalanx::template::plan::{
    Action, CauseGroup, EntryChange, Plan, PropertyChange, Replacement, ResourceChange, SERVICE,
};
use phalanx::text::{count, safe_line, shorten};
use serde_json::Value;

use super::style::Style;

/// How long a value may be in one line.
const VALUE_WIDTH: usize = 60;

/// The plan as text. In full, every part that a plugin wrote of a new resource is listed too.
pub(super) fn draw(result: &PlanResult, style: Style, in_full: bool) -> String {
    let mut text = String::new();
    let PlanResult { stack, cloud, new_stack, plan, behind, .. } = result;
    if let Some(behind) = behind {
        line(&mut text, &behind.to_string());
    }
    if plan.is_empty() {
        line(&mut text, &format!("no changes to stack {stack} in the {cloud} cloud"));
        return text;
    }
    let new = if *new_stack { ", which is new" } else { "" };
    line(&mut text, &format!("plan for stack {} in the {cloud} cloud{new}", style.strong(stack)));
    let width = plan.resources.iter().map(|change| change.logical_id.len()).max().unwrap_or(0);
    for group in plan.by_cause() {
        line(&mut text, "");
        let version = result.plugins.get(group.cause).map(|version| format!("@{version}"));
        let cause = format!("{}{}", group.cause, version.unwrap_or_default());
        line(&mut text, &format!("by {}", style.strong(cause)));
        draw_group(&mut text, plan, &group, style, width, in_full);
    }
    line(&mut text, "");
    line(&mut text, &summary(result, style));
    if result.judge == Judge::ChangeSet {
        line(
            &mut text,
            &style.faint("replacement as CloudFormation's change set says").to_string(),
        );
    }
    text
}

fn draw_group(
    text: &mut String,
    plan: &Plan,
    group: &CauseGroup<'_>,
    style: Style,
    width: usize,
    in_full: bool,
) {
    let (mut edited, mut shown) = (Vec::new(), Vec::new());
    for change in &group.resources {
        // A new resource that the service made and a plugin touched is told once, as the service's.
        let touched = change.action == Action::Add && change.caused_by[0] != group.cause;
        if touched { edited.push(*change) } else { shown.push(*change) }
    }
    for change in shown {
        draw_resource(text, change, group.cause, style, width);
    }
    if in_full {
        for change in edited {
            line(
                text,
                &format!("  ~ {:width$}  {} (new)", change.logical_id, change.resource_type),
            );
        }
    } else if !edited.is_empty() {
        line(text, &format!("  ~ parts of {}", count(edited.len(), "new resource")));
    }
    for entry in &group.entries {
        let is = |entries: &[EntryChange]| entries.iter().any(|one| std::ptr::eq(one, *entry));
        let kind = match () {
            () if is(&plan.outputs) => "output ",
            () if is(&plan.parameters) => "parameter ",
            () if is(&plan.values) => "value of parameter ",
            () if is(&plan.tags) => "tag ",
            () => "",
        };
        draw_entry(text, kind, entry, style);
    }
}

fn draw_resource(
    text: &mut String,
    change: &ResourceChange,
    cause: &str,
    style: Style,
    width: usize,
) {
    let mut remarks = Vec::new();
    if change.code {
        remarks.push("code".to_owned());
    }
    match change.replacement {
        Replacement::Always => {
            remarks.push(format!("replaced by {}", change.replaced_by.join(", ")));
        }
        Replacement::Conditional => {
            remarks.push(format!("may be replaced by {}", change.replaced_by.join(", ")));
        }
        Replacement::Never => {}
    }
    let mut remarks =
        if remarks.is_empty() { String::new() } else { format!("  ({})", remarks.join("; ")) };
    if change.destructive {
        remarks.push_str(&format!("  {}", style.error("LOSES DATA")));
    }
    let ResourceChange { logical_id, resource_type, .. } = change;
    let sign = sign(change.action, style);
    line(text, &format!("  {sign} {logical_id:width$}  {resource_type}{remarks}"));
    for property in change.properties.iter().filter(|property| property.caused_by == cause) {
        draw_property(text, property);
    }
}

fn draw_property(text: &mut String, property: &PropertyChange) {
    let PropertyChange { path, before, after, through, .. } = property;
    let told = match (through, before, after) {
        (Some(through), _, _) => format!("changes with {through}"),
        // Only the cloud knows of it.
        (None, None, None) => "the text is the same, what it comes to is not".into(),
        (None, before, after) => change_of(before.as_ref(), after.as_ref()),
    };
    let shown = format!("      {path}: {told}");
    line(text, &shown);
}

fn draw_entry(text: &mut String, kind: &str, entry: &EntryChange, style: Style) {
    let EntryChange { name, action, before, after, .. } = entry;
    let sign = sign(*action, style);
    line(text, &format!("  {sign} {kind}{name}: {}", change_of(before.as_ref(), after.as_ref())));
}

fn change_of(before: Option<&Value>, after: Option<&Value>) -> String {
    match (before, after) {
        (None, Some(after)) => in_short(after),
        (Some(before), None) => format!("{} -> nothing", in_short(before)),
        (Some(before), Some(after)) => format!("{} -> {}", in_short(before), in_short(after)),
        (None, None) => String::new(),
    }
}

fn in_short(value: &Value) -> String {
    shorten(&safe_line(&value.to_string()), VALUE_WIDTH).into_owned()
}

/// Actions have signs of their own, so that colours only repeat them.
fn sign(action: Action, style: Style) -> String {
    match action {
        Action::Add => style.good("+").to_string(),
        Action::Modify => style.changed("~").to_string(),
        Action::Replace => style.removed("±").to_string(),
        Action::Remove => style.removed("-").to_string(),
    }
}

fn summary(result: &PlanResult, style: Style) -> String {
    let resources = &result.plan.resources;
    let of = |action| resources.iter().filter(|change| change.action == action).count();
    let mut parts = Vec::new();
    for (action, word) in [
        (Action::Add, "to add"),
        (Action::Modify, "to modify"),
        (Action::Replace, "to replace"),
        (Action::Remove, "to remove"),
    ] {
        if of(action) > 0 {
            parts.push(format!("{} {word}", of(action)));
        }
    }
    let entries = result.plan.entries().count();
    let mut text = if parts.is_empty() {
        "no resource changes".to_owned()
    } else {
        format!("resources: {}", parts.join(", "))
    };
    if entries > 0 {
        // Writing to a text cannot fail.
        let _ = write!(text, "; {}", count(entries, "other change"));
    }
    let plugins = result.plan.by_cause().iter().filter(|group| group.cause != SERVICE).count();
    if plugins > 0 {
        let _ = write!(text, "; by the service and {}", count(plugins, "plugin"));
    }
    if result.plan.is_destructive() {
        let _ = write!(text, "; {}", style.error("some lose data"));
    }
    text
}

fn line(text: &mut String, content: &str) {
    text.push_str(content.trim_end());
    text.push('\n');
}
