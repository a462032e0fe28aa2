//! cfn-lint in one process that lives as long as the tests: CloudFormation's own schemas, against
//! which an emulator does not check.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use super::project::repository;
use super::tool::tool;

/// The process, and what it said of each template that it has seen.
struct Linter {
    /// Kept, since it belongs to the pipes.
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    known: HashMap<String, Vec<String>>,
}

/// What cfn-lint finds in a template; nothing when it is not installed, which is a failure in CI.
/// Each distinct template is judged once.
pub fn findings(template: String) -> Vec<String> {
    static LINTER: Mutex<Option<Linter>> = Mutex::new(None);
    let mut linter = LINTER.lock().unwrap_or_else(PoisonError::into_inner);
    if linter.is_none() {
        let Some(program) = tool("cfn-lint") else { return Vec::new() };
        *linter = Some(Linter::start(&program.with_file_name("python")));
    }
    linter.as_mut().unwrap().judge(template)
}

impl Linter {
    fn start(python: &std::path::Path) -> Self {
        let mut process = Command::new(python)
            .arg(repository().join("tests/support/lint.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { _process: process, input, output, known: HashMap::new() }
    }

    fn judge(&mut self, template: String) -> Vec<String> {
        if let Some(findings) = self.known.get(&template) {
            return findings.clone();
        }
        writeln!(self.input, "{}", serde_json::Value::from(template.as_str())).unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        let findings: Vec<String> =
            serde_json::from_str(&answer).expect("cfn-lint ended; its error is above");
        self.known.insert(template, findings.clone());
        findings
    }
}

#[test]
fn cfn_lint_finds_what_is_wrong() {
    if tool("cfn-lint").is_none() {
        return;
    }
    let queue = |property: &str| {
        format!(
            r#"{{"Resources":{{"Queue":{{"Type":"AWS::SQS::Queue","Properties":{{"{property}":30}}}}}}}}"#
        )
    };
    let found = findings(queue("VisibilityTimeOut"));
    assert!(found[0].starts_with("E3002 at Resources/Queue/Properties/VisibilityTimeOut"));
    assert_eq!(findings(queue("VisibilityTimeout")), Vec::<String>::new());
}
