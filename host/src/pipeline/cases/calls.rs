//! The outside of a case: its files and variables, and calls that were recorded once and are played ever after.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::CaseError;
use super::observed::pretty;
use super::{CaseMode, CaseRequest};
use crate::cloud::aws::{Aws, Wanted};
use crate::cloud::local::Local;
use crate::cloud::{CallRequest, CallResponse, Cloud};
use crate::docker::{Built, ImageRequest};
use crate::fs;
use crate::hint::BoxError;
use crate::manifest::Case;
use crate::pipeline::images::ImageWorks;
use crate::pipeline::run::Environment;
use crate::pipeline::services::HostServices;
use crate::plugin::{
    Command, CommandOutput, Failure, HttpAnswer, HttpCall, HttpTape, Images, PushedImage, Services,
};
use crate::text::shorten;

/// A call by HTTP.
const HTTP: &str = "http";
/// What was recorded.
const CALLS: &str = "calls.json";

/// One call of the outside and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Recorded {
    call: String,
    with: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// Plays calls, or records them.
pub(super) struct Tape {
    environment: IndexMap<String, String>,
    real: HostServices,
    reel: Arc<Reel>,
}

/// The calls themselves.
struct Reel {
    recording: bool,
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Recorded>,
    /// How many of them were made.
    made: usize,
    complaints: Vec<String>,
}

impl Tape {
    /// The tape of a case: what was recorded, or an empty one to record on.
    pub(super) async fn open(
        environment: &Environment,
        request: &CaseRequest,
        case: &Case,
        folder: &Path,
    ) -> Result<Self, BoxError> {
        let recording = request.mode == CaseMode::Record;
        let path = folder.join(CALLS);
        let calls = match fs::read_if_present(&path)? {
            Some(bytes) if !recording => {
                let read = serde_json::from_slice(&bytes).map_err(|error| error.to_string());
                read.map_err(|reason| CaseError::BadRecording { path: path.clone(), reason })?
            }
            _ => Vec::new(),
        };
        let settings = &environment.settings;
        let reaches_aws = !case.grants.aws.is_empty() || case.grants.images && !case.run.dry_run;
        let cloud: Arc<dyn Cloud> = match recording && reaches_aws {
            true => Arc::new(
                Aws::open(&Wanted {
                    profile: request.profile.clone(),
                    region: Some(case.run.region.clone()),
                    account: case.run.account.clone(),
                    bucket: None,
                    registry: settings.ecr_registry.clone(),
                })
                .await?,
            ),
            false => {
                let state = request.folder.join(".phalanx/cases");
                Arc::new(Local::open(&state, &case.run.region, settings.now))
            }
        };
        let root = folder.join(&case.files);
        Ok(Self {
            environment: case.environment.clone(),
            real: HostServices {
                root: root.clone(),
                environment: settings.environment.clone(),
                images: ImageWorks {
                    root,
                    environment: settings.environment.clone(),
                    cloud,
                    reporter: Arc::clone(&environment.reporter),
                    dry_run: case.run.dry_run,
                },
            },
            reel: Arc::new(Reel {
                recording,
                path,
                state: Mutex::new(State { calls, ..State::default() }),
            }),
        })
    }

    /// What was called otherwise than recorded, or not at all.
    pub(super) fn complaints(&self) -> Vec<String> {
        let state = self.reel.state();
        let mut complaints = state.complaints.clone();
        if let Some(next) = state.calls.get(state.made).filter(|_| complaints.is_empty()) {
            complaints.push(format!(
                "call {} of `{CALLS}` was not made: {}",
                state.made + 1,
                shown(&next.call, &next.with)
            ));
        }
        complaints
    }

    /// Keeps what was recorded.
    pub(super) fn write(&self) -> Result<(), BoxError> {
        let state = self.reel.state();
        if self.reel.recording && !state.calls.is_empty() {
            fs::write(&self.reel.path, pretty(&state.calls))?;
        } else if self.reel.recording {
            fs::remove_file(&self.reel.path)?;
        }
        Ok(())
    }
}

impl Reel {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next call on the tape answers, if it is this one.
    fn play(&self, call: &str, with: &Value) -> Result<Value, Failure> {
        let mut state = self.state();
        let wrong = match state.calls.get(state.made).cloned() {
            Some(next) if next.call == call && next.with == *with => {
                state.made += 1;
                return match next.failure {
                    Some(failure) => Err(failure),
                    None => Ok(next.answer.unwrap_or_default()),
                };
            }
            Some(next) => format!("recorded is {}", shown(&next.call, &next.with)),
            None => format!("`{CALLS}` has no more calls"),
        };
        let message = format!("the plugin calls {}, and {wrong}", shown(call, with));
        state.complaints.push(format!(
            "{message}; `phalanx plugin test --record` makes the calls and records them"
        ));
        Err(Failure::new("not-recorded", message))
    }

    /// What the next call answers, as what is wanted.
    fn answer<T: DeserializeOwned>(&self, call: &str, with: &Value) -> Result<T, Failure> {
        let answer = self.play(call, with)?;
        serde_json::from_value(answer).map_err(|error| {
            let (path, reason) = (self.path.clone(), format!("`{call}`: {error}"));
            let bad = CaseError::BadRecording { path, reason };
            self.state().complaints.push(bad.to_string());
            Failure::new("bad-recording", bad.to_string())
        })
    }

    /// Keeps what came of a call.
    fn keep(&self, call: &str, with: Value, result: Result<Value, Failure>) {
        let (answer, failure) = match result {
            Ok(answer) => (Some(answer), None),
            Err(failure) => (None, Some(failure)),
        };
        let mut state = self.state();
        state.calls.push(Recorded { call: call.to_owned(), with, answer, failure });
        state.made += 1;
    }

    /// A call: played, or made and recorded.
    async fn pass<T: Serialize + DeserializeOwned>(
        &self,
        call: &str,
        with: Value,
        real: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if !self.recording {
            return self.answer(call, &with);
        }
        let result = real.await;
        self.keep(call, with, result.as_ref().map(json_of).map_err(Clone::clone));
        result
    }
}

impl HttpTape for Reel {
    fn play(&self, call: &HttpCall) -> Option<Result<HttpAnswer, Failure>> {
        (!self.recording).then(|| self.answer(HTTP, &json_of(call)))
    }

    fn record(&self, call: &HttpCall, answer: &HttpAnswer) {
        self.keep(HTTP, json_of(call), Ok(json_of(answer)));
    }
}

fn shown(call: &str, with: &Value) -> String {
    format!("`{call}` with {}", shorten(&with.to_string(), 300))
}

fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("requests serialise")
}

#[async_trait]
impl Services for Tape {
    async fn run_command(&self, command: Command) -> Result<CommandOutput, Failure> {
        let with = json_of(&command);
        self.reel.pass("commands.run", with, self.real.run_command(command)).await
    }

    fn list_files(&self, glob: &str) -> Result<Vec<String>, Failure> {
        self.real.list_files(glob)
    }

    fn read_file(&self, path: &str, limit: u64) -> Result<Vec<u8>, Failure> {
        self.real.read_file(path, limit)
    }

    fn environment(&self, name: &str) -> Option<String> {
        self.environment.get(name).cloned()
    }

    fn images(&self) -> &dyn Images {
        self
    }

    fn http(&self) -> Option<Arc<dyn HttpTape>> {
        Some(Arc::clone(&self.reel) as _)
    }

    async fn call_aws(&self, call: CallRequest) -> Result<CallResponse, Failure> {
        let with = json_of(&call);
        self.reel.pass("aws.call", with, self.real.call_aws(call)).await
    }
}

#[async_trait]
impl Images for Tape {
    async fn check(&self, image: ImageRequest, repository: String) -> Result<(), Failure> {
        let with = json!({ "image": image, "repository": repository });
        self.reel.pass("images.check", with, self.real.images.check(image, repository)).await
    }

    async fn fingerprint(&self, image: ImageRequest) -> Result<String, Failure> {
        let with = json_of(&image);
        self.reel.pass("images.fingerprint", with, self.real.images.fingerprint(image)).await
    }

    fn will_push(&self) -> bool {
        let call = "images.will-push";
        if !self.reel.recording {
            return self.reel.answer(call, &Value::Null).unwrap_or_default();
        }
        let answer = self.real.images.will_push();
        self.reel.keep(call, Value::Null, Ok(answer.into()));
        answer
    }

    async fn find(&self, repository: String, tag: String) -> Result<Option<PushedImage>, Failure> {
        let with = json!({ "repository": repository, "tag": tag });
        self.reel.pass("images.find-in-ecr", with, self.real.images.find(repository, tag)).await
    }

    async fn build(&self, image: ImageRequest) -> Result<Built, Failure> {
        let with = json_of(&image);
        self.reel.pass("images.build", with, self.real.images.build(image)).await
    }

    async fn push(
        &self,
        image: String,
        repository: String,
        tag: String,
    ) -> Result<PushedImage, Failure> {
        let with = json!({ "image": image, "repository": repository, "tag": tag });
        self.reel
            .pass("images.push-to-ecr", with, self.real.images.push(image, repository, tag))
            .await
    }

    async fn list(&self, repository: String) -> Result<Vec<PushedImage>, Failure> {
        let with = json!({ "repository": repository });
        self.reel.pass("images.list-in-ecr", with, self.real.images.list(repository)).await
    }

    async fn delete(&self, repository: String, tag: String) -> Result<bool, Failure> {
        let with = json!({ "repository": repository, "tag": tag });
        self.reel
            .pass("images.delete-from-ecr", with, self.real.images.delete(repository, tag))
            .await
    }
}
