//! What a cloud can do with what is deployed, beside changing whole stacks.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ArtifactLocation, Stack};
use crate::hint::{BoxError, Explain, Kind, nearest};

/// Looks at what is deployed, and works on its functions.
#[async_trait]
pub trait Operate: Send + Sync {
    /// Lines that a function has logged, oldest first.
    ///
    /// # Errors
    /// When the cloud keeps no logs, or refuses to give them. A log that is not there yet is empty.
    async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, BoxError>;

    /// Compares a stack's resources with what its template says.
    ///
    /// # Errors
    /// When nothing can drift in this cloud, or it cannot be asked.
    async fn drift(&self, stack: &Stack) -> Result<Drift, BoxError>;

    /// The way round the stack to the code of its functions, where there is one.
    fn fast_path(&self) -> Option<&dyn FastPath> {
        None
    }
}

/// Gives functions other code than their stack's template names, and remembers that.
#[async_trait]
pub trait FastPath: Send + Sync {
    /// Which functions of a stack run other code than its template names.
    ///
    /// # Errors
    /// When the record cannot be read.
    async fn behind(&self, stack: &str) -> Result<Option<Behind>, BoxError>;

    /// Keeps the record of [`Self::behind`].
    ///
    /// # Errors
    /// When it cannot be stored.
    async fn set_behind(&self, behind: &Behind) -> Result<(), BoxError>;

    /// Removes it; none there is a success.
    ///
    /// # Errors
    /// When it cannot be removed.
    async fn forget_behind(&self, stack: &str) -> Result<(), BoxError>;

    /// The mark of the code that a function runs, when nothing changes it any more.
    ///
    /// # Errors
    /// When the function is gone, or something changes it for too long.
    async fn code_mark(&self, function: &str) -> Result<String, BoxError>;

    /// Gives a function this code and waits until it runs it. Repeating that is harmless.
    ///
    /// # Errors
    /// When the function does not take the code.
    async fn set_code(&self, function: &str, code: &ArtifactLocation) -> Result<(), BoxError>;
}

/// Which lines of a log are wanted.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// The function, as the cloud calls it.
    pub function: String,
    /// Where it logs to; none when its template does not say it plainly.
    pub log_group: Option<String>,
    /// No older lines than this.
    pub since: SystemTime,
    /// The cloud's own pattern that lines must match.
    pub filter: Option<String>,
}

/// One line of a log, or several that were logged at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Tells it from all others of its log.
    pub id: String,
    /// When it was logged.
    pub time: SystemTime,
    /// As it was logged: foreign text.
    pub message: String,
}

/// True for what Lambda itself logs round each call.
pub fn is_platform_line(line: &str) -> bool {
    const STARTS: [&str; 6] = [
        "START RequestId: ",
        "END RequestId: ",
        "REPORT RequestId: ",
        "INIT_START ",
        "RESTORE_START ",
        "XRAY TraceId: ",
    ];
    STARTS.iter().any(|start| line.starts_with(start))
}

/// How a stack's resources differ from its template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Drift {
    /// The resources that were compared, sorted by logical id.
    pub resources: Vec<ResourceDrift>,
    /// How many resources the cloud cannot compare.
    pub not_checked: usize,
    /// Why some resources could not be compared although they should have been.
    pub incomplete: Option<String>,
}

impl Drift {
    /// The resources that are not as the template says.
    pub fn drifted(&self) -> impl Iterator<Item = &ResourceDrift> {
        self.resources.iter().filter(|resource| resource.state != DriftState::InSync)
    }
}

/// How one resource differs from the template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResourceDrift {
    /// Logical id in the template.
    pub logical_id: String,
    /// What the cloud calls it.
    pub physical_id: String,
    /// CloudFormation type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// How it stands.
    pub state: DriftState,
    /// What differs, when it is modified.
    pub properties: Vec<PropertyDrift>,
}

/// How a resource stands against the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftState {
    /// As the template says.
    InSync,
    /// Some of its properties differ.
    Modified,
    /// It is gone.
    Deleted,
}

/// A property that differs from the template.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PropertyDrift {
    /// JSON Pointer below the resource's properties.
    pub path: String,
    /// What the template says; none when it says nothing.
    pub expected: Option<Value>,
    /// What is there; none when nothing is.
    pub actual: Option<Value>,
}

/// The record of functions that run other code than their stack's template names. It is written before
/// the first function is changed and removed when a whole deployment has set all of them right, so that
/// it is never missing while it is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Behind {
    /// The stack's name.
    pub stack: String,
    /// Its id: the record says nothing about another stack of that name.
    pub stack_id: String,
    /// The build that the functions run.
    pub build_id: String,
    /// When it was deployed, in RFC 3339.
    pub since: String,
    /// False while functions are being changed: any of them may run either code.
    pub settled: bool,
    /// The code by the function's logical id.
    pub functions: BTreeMap<String, ArtifactLocation>,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions = self.functions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        let build = self.build_id.get(..12).unwrap_or(&self.build_id);
        let runs = if self.functions.len() == 1 { "runs" } else { "run" };
        let or = if self.settled { "" } else { ", or what they ran before," };
        write!(
            f,
            "behind: {functions} {runs} the code of build {build}{or} since {}: `phalanx deploy` brings stack and functions together",
            self.since
        )
    }
}

/// A stack has no such function.
#[derive(Debug, thiserror::Error)]
#[error("stack `{stack}` has no function `{name}`")]
pub struct NoFunction {
    /// The stack.
    pub stack: String,
    /// What was asked for.
    pub name: String,
    /// What there is.
    pub known: Vec<String>,
    /// True when the service has it, so that it is only not deployed yet.
    pub in_service: bool,
}

impl Explain for NoFunction {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        "no-such-function"
    }

    fn hints(&self) -> Vec<String> {
        let hint = match nearest(&self.name, self.known.iter().map(String::as_str)) {
            _ if self.in_service => {
                "the manifest has it, and it is not deployed yet: run `phalanx deploy`".into()
            }
            Some(near) => format!("did you mean `{near}`?"),
            None if self.known.is_empty() => "it has no functions".into(),
            None => format!("its functions: {}", self.known.join(", ")),
        };
        vec![hint]
    }
}
