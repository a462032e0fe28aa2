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
use crate::plugin::{Command, CommandOutput, Failure, Images, PushedImage, Services};
use crate::text::shorten;

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
    recording: bool,
    place: PathBuf,
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
                read.map_err(|reason| CaseError::BadRecording { path, reason })?
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
            recording,
            place: folder.to_owned(),
            state: Mutex::new(State { calls, ..State::default() }),
        })
    }

    /// What was called otherwise than recorded, or not at all.
    pub(super) fn complaints(&self) -> Vec<String> {
        let state = self.state();
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
    pub(super) fn write(&self, folder: &Path) -> Result<(), BoxError> {
        let state = self.state();
        if self.recording && !state.calls.is_empty() {
            fs::write(&folder.join(CALLS), pretty(&state.calls))?;
        } else if self.recording {
            fs::remove_file(&folder.join(CALLS))?;
        }
        Ok(())
    }

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

    /// A call: played, or made and recorded.
    async fn pass<T: Serialize + DeserializeOwned>(
        &self,
        call: &str,
        with: Value,
        real: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        if !self.recording {
            let answer = self.play(call, &with)?;
            return serde_json::from_value(answer).map_err(|error| {
                let path = self.place.join(CALLS);
                let bad = CaseError::BadRecording { path, reason: format!("`{call}`: {error}") };
                self.state().complaints.push(bad.to_string());
                Failure::new("bad-recording", bad.to_string())
            });
        }
        let result = real.await;
        let answer = result
            .as_ref()
            .ok()
            .map(|answer| serde_json::to_value(answer).expect("answers serialise"));
        let failure = result.as_ref().err().cloned();
        let mut state = self.state();
        state.calls.push(Recorded { call: call.to_owned(), with, answer, failure });
        state.made += 1;
        drop(state);
        result
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
        self.pass("commands.run", with, self.real.run_command(command)).await
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

    async fn call_aws(&self, call: CallRequest) -> Result<CallResponse, Failure> {
        let with = json_of(&call);
        self.pass("aws.call", with, self.real.call_aws(call)).await
    }
}

#[async_trait]
impl Images for Tape {
    async fn check(&self, image: ImageRequest, repository: String) -> Result<(), Failure> {
        let with = json!({ "image": image, "repository": repository });
        self.pass("images.check", with, self.real.images.check(image, repository)).await
    }

    async fn fingerprint(&self, image: ImageRequest) -> Result<String, Failure> {
        let with = json_of(&image);
        self.pass("images.fingerprint", with, self.real.images.fingerprint(image)).await
    }

    fn will_push(&self) -> bool {
        let call = "images.will-push";
        if !self.recording {
            return self.play(call, &Value::Null).is_ok_and(|answer| answer == true);
        }
        let answer = self.real.images.will_push();
        let mut state = self.state();
        state.calls.push(Recorded {
            call: call.to_owned(),
            with: Value::Null,
            answer: Some(answer.into()),
            failure: None,
        });
        state.made += 1;
        answer
    }

    async fn find(&self, repository: String, tag: String) -> Result<Option<PushedImage>, Failure> {
        let with = json!({ "repository": repository, "tag": tag });
        self.pass("images.find-in-ecr", with, self.real.images.find(repository, tag)).await
    }

    async fn build(&self, image: ImageRequest) -> Result<Built, Failure> {
        let with = json_of(&image);
        self.pass("images.build", with, self.real.images.build(image)).await
    }

    async fn push(
        &self,
        image: String,
        repository: String,
        tag: String,
    ) -> Result<PushedImage, Failure> {
        let with = json!({ "image": image, "repository": repository, "tag": tag });
        self.pass("images.push-to-ecr", with, self.real.images.push(image, repository, tag)).await
    }

    async fn list(&self, repository: String) -> Result<Vec<PushedImage>, Failure> {
        let with = json!({ "repository": repository });
        self.pass("images.list-in-ecr", with, self.real.images.list(repository)).await
    }

    async fn delete(&self, repository: String, tag: String) -> Result<bool, Failure> {
        let with = json!({ "repository": repository, "tag": tag });
        self.pass("images.delete-from-ecr", with, self.real.images.delete(repository, tag)).await
    }
}
