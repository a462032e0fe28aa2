//! Text from a guest must not drive the terminal, whichever way it comes.

use super::Case;
use crate::support::Finished;

/// Fails when a control character other than the line break got out.
fn is_plain(run: &Finished) {
    let odd = |c: &char| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c);
    for text in [&run.stdout, &run.stderr] {
        let found: Vec<char> = text.chars().filter(odd).collect();
        assert!(found.is_empty(), "{found:?} in\n{}", run.scene());
    }
}

#[test]
fn escapes_in_the_log_are_shown_and_not_done() {
    let case = Case::hostile("escapes", "pre-build");
    case.write_manifest("");
    let run = case.project.phalanx("package").succeeds();
    is_plain(&run);
    let lines: Vec<_> = run.stderr.lines().filter(|line| line.contains("bad |")).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
bad | warning: \u{1b}[2J\u{1b}[31mred\u{1b}[0m \u{7}bell\u{d}carriage
bad | warning: newline \u{9b}c1
"#);
}

#[test]
fn escapes_in_a_failure_are_shown_and_not_done() {
    let bad = Case::hostile("fail-with-escapes", "template-decorate").stops_in_hook();
    is_plain(&bad);
    insta::assert_snapshot!(bad.error(), @r#"
error: plugin `bad` failed in `template-decorate`: red \u{1b}[31mtext\u{7} and \u{202e}back

hint: \u{1b}]0;title\u{7}hint\u{1b}[2J
"#);
}

#[test]
fn escapes_in_a_finding_are_shown_and_not_done() {
    let case = Case::hostile("odd-finding", "template-validate");
    case.write_manifest("");
    let run = case.project.phalanx("package").succeeds();
    is_plain(&run);
    let from = run.stderr.lines().filter(|line| line.contains("bad |") || line.contains("Odd"));
    insta::assert_snapshot!(from.collect::<Vec<_>>().join("\n"), @r#"
       bad | warning: place of a finding: `no pointer` is not a JSON Pointer: it must begin with `/`
warning: plugin `bad`: Odd \u{1b}[31mrule: a\u{1b}[2Jb c, at the whole template
"#);
}

#[test]
fn events_are_json_whatever_a_plugin_says() {
    let case = Case::hostile("fail-with-escapes", "pre-build");
    case.write_manifest("");
    let run = case.project.phalanx("package --events").exits(3);
    is_plain(&run);
    for line in run.stderr.lines() {
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}
