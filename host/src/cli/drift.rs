//! `phalanx drift`.

use std::fmt::Write as _;

use clap::Args;
use phalanx::cloud::{DriftState, PropertyDrift, ResourceDrift};
use phalanx::hint::BoxError;
use phalanx::pipeline::{self, DriftResult};
use phalanx::template::Pointer;
use phalanx::text::{count, safe_line, shorten};
use serde_json::Value;

use super::output::Answer;
use super::session::Session;
use super::style::Style;

/// How long a value may be in one line.
const VALUE_WIDTH: usize = 60;

/// Tell what of the deployed stack was changed behind its back
#[derive(Debug, Args)]
pub(super) struct DriftArgs {
    /// Exit with code 4 when something was, and with 1 when not everything could be compared
    #[arg(long)]
    exit_code: bool,
    /// Look in the embedded local cloud
    #[arg(long)]
    local: bool,
}

impl DriftArgs {
    pub(super) async fn run(self, session: &Session) -> Result<Answer, BoxError> {
        let request = session.request(self.local)?;
        let result = pipeline::drift(&session.environment(), &request).await?;
        if let Some(reason) = &result.drift.incomplete {
            session.reporter.warn(format!("not everything could be compared: {reason}"), None);
        }
        let code = match (self.exit_code, result.drifted, &result.drift.incomplete) {
            (true, true, _) => 4,
            (true, false, Some(_)) => 1,
            _ => 0,
        };
        Ok(Answer::with_text(draw(&result, Style::for_stdout(session)), &result).code(code))
    }
}

fn draw(result: &DriftResult, style: Style) -> String {
    let DriftResult { stack, drift, drifted } = result;
    let mut text = match drifted {
        true => format!("stack {} has drifted\n", style.strong(stack)),
        false => format!("stack {} has not drifted\n", style.strong(stack)),
    };
    let width = drift.drifted().map(|resource| resource.logical_id.len()).max().unwrap_or(0);
    for resource in drift.drifted() {
        draw_resource(&mut text, resource, width, style);
    }
    let of = |state| drift.resources.iter().filter(|resource| resource.state == state).count();
    // Writing to a text cannot fail.
    let _ = writeln!(
        text,
        "{}: {} modified, {} deleted, {} in sync, {} not checked",
        count(drift.resources.len() + drift.not_checked, "resource"),
        of(DriftState::Modified),
        of(DriftState::Deleted),
        of(DriftState::InSync),
        drift.not_checked
    );
    text
}

fn draw_resource(text: &mut String, resource: &ResourceDrift, width: usize, style: Style) {
    let ResourceDrift { logical_id, resource_type, state, properties, .. } = resource;
    let (sign, remark) = match state {
        DriftState::Deleted => (style.removed("-").to_string(), "  deleted"),
        DriftState::Modified | DriftState::InSync => (style.changed("~").to_string(), ""),
    };
    let _ = writeln!(text, "  {sign} {logical_id:width$}  {resource_type}{remark}");
    for PropertyDrift { path, expected, actual } in properties {
        let path = Pointer::parse(path).map_or_else(
            |_| path.clone(),
            |pointer| pointer.tokens().collect::<Vec<_>>().join("."),
        );
        let (expected, actual) = (in_short(expected.as_ref()), in_short(actual.as_ref()));
        let _ = writeln!(text, "      {}: {expected} -> {actual}", safe_line(&path));
    }
}

fn in_short(value: Option<&Value>) -> String {
    match value {
        None => "nothing".into(),
        Some(value) => shorten(&safe_line(&value.to_string()), VALUE_WIDTH).into_owned(),
    }
}
