//! Step 7: the built-in checks, the `template-validate` hook, and the template written to disk.
//!
//! Validators see the final template; nothing may edit it any more. Errors of the built-in checks and
//! of validators are shown together, so that one run shows them all.

use crate::fs;
use crate::hint::BoxError;
use crate::plugin::Hook;
use crate::template::check::check as check_template;
use crate::template::{Finding, Severity};
use crate::text::count;

use super::error::PipelineError;
use super::hooks;
use super::run::Run;
use super::step::Step;

/// Checks the template and writes it to `.phalanx/template.json`.
pub(super) async fn check(run: &mut Run) -> Result<(), BoxError> {
    run.step(Step::Check, async |run| {
        let template = run.template.as_ref().expect("synthesize has run");
        let mut findings = std::mem::take(&mut run.findings);
        findings.extend(check_template(template.document(), &run.locations, template));
        let own_errors = errors(&findings);
        findings.extend(hooks::run_hook(run, Hook::TemplateValidate).await?);
        report(run, &findings);
        if errors(&findings) > 0 {
            findings.retain(|finding| finding.severity == Severity::Error);
            return Err(PipelineError::Template { findings, refused: own_errors == 0 }.into());
        }
        write_template(run)?;
        run.workshop = None;
        let remarks = findings.len();
        Ok(((), if remarks == 0 { "no findings".into() } else { count(remarks, "remark") }))
    })
    .await
}

fn errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}

/// Warnings and notes are events; errors become the run's error.
fn report(run: &Run, findings: &[Finding]) {
    for finding in findings {
        match finding.severity {
            Severity::Error => {}
            Severity::Warning => run.reporter().warn(one_line(finding), finding.hint.clone()),
            Severity::Note => run.reporter().note(one_line(finding)),
        }
    }
}

fn one_line(finding: &Finding) -> String {
    let by = finding.by.as_ref().map(|plugin| format!(" (plugin `{plugin}`)")).unwrap_or_default();
    format!("{}: {} at `{}`{by}", finding.rule, finding.message, finding.at)
}

/// A finding as the error shows it, over several lines.
pub(super) fn render(finding: &Finding) -> String {
    let mut text = format!("  {}: {}\n    at {}", finding.rule, finding.message, finding.at);
    match (&finding.by, &finding.location) {
        (Some(plugin), _) => text.push_str(&format!(", written by plugin `{plugin}`")),
        (None, Some(location)) => text.push_str(&format!(", written at {location}")),
        (None, None) => {}
    }
    if let Some(hint) = &finding.hint {
        text.push_str(&format!("\n    hint: {hint}"));
    }
    text
}

fn write_template(run: &Run) -> Result<(), BoxError> {
    let template = run.template.as_ref().expect("synthesize has run");
    let mut text = serde_json::to_string_pretty(template.document()).expect("a JSON value");
    text.push('\n');
    let path = run.state_dir().join("template.json");
    // An unchanged file keeps its time, and the disk its rest.
    if fs::read_if_present(&path)?.as_deref() != Some(text.as_bytes()) {
        fs::write(&path, text)?;
    }
    Ok(())
}
