//! A host in memory, for unit tests of plugins on the native target.
//!
//! It holds the template, the context, files, environment, packages, images and the stack, collects the log,
//! and undoes the edits of a hook that fails, as the real host does. What it leaves to the real host:
//! grants, limits, other plugins' ownership, and which object is there in which hook.
//!
//! ```
//! use phalanx_plugin::testing::Host;
//! use phalanx_plugin::{Result, TemplateDecorate, json, template};
//!
//! #[derive(serde::Deserialize)]
//! struct Owner { owner: String }
//!
//! impl TemplateDecorate for Owner {
//!     fn decorate_service(&self) -> Result {
//!         template::set("/Metadata/Owner", &self.owner)
//!     }
//! }
//!
//! let mut host = Host::with_template(json!({})).config(json!({ "owner": "orders" }));
//! host.run(Owner::decorate_service).unwrap();
//! assert_eq!(host.template(), &json!({ "Metadata": { "Owner": "orders" } }));
//! ```

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::bindings::wire::commands::{Command, Output};
use crate::bindings::wire::stack::StackResource;
use crate::{Failure, Result};

mod document;
pub(crate) mod wire;

thread_local! {
    static CURRENT: RefCell<Option<Host>> = const { RefCell::new(None) };
}

type Commands = Rc<dyn Fn(&Command) -> Result<Output>>;

/// The host that plugin code sees inside [`Host::run`].
#[derive(Clone)]
pub struct Host {
    template: Value,
    context: BTreeMap<String, Value>,
    config: Value,
    stage: String,
    dry_run: bool,
    log: Vec<(String, String)>,
    files: BTreeMap<String, Vec<u8>>,
    environment: BTreeMap<String, String>,
    packages: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    outputs: Vec<(String, String)>,
    resources: Vec<StackResource>,
    failure: Option<(String, Failure)>,
    commands: Option<Commands>,
    /// Images built, by local name.
    built: Vec<String>,
    /// Images in ECR: repository and tag.
    images: BTreeSet<(String, String)>,
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A host of the service `service` at stage `dev`, with an empty template.
    #[must_use]
    pub fn new() -> Self {
        Self {
            template: json!({}),
            context: BTreeMap::new(),
            config: json!({}),
            stage: "dev".to_owned(),
            dry_run: false,
            log: Vec::new(),
            files: BTreeMap::new(),
            environment: BTreeMap::new(),
            packages: BTreeMap::new(),
            outputs: Vec::new(),
            resources: Vec::new(),
            failure: None,
            commands: None,
            built: Vec::new(),
            images: BTreeSet::new(),
        }
    }

    /// A host whose template is this document.
    #[must_use]
    pub fn with_template(template: Value) -> Self {
        Self { template, ..Self::new() }
    }

    /// The plugin's `config` table.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = config;
        self
    }

    /// The stage.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        stage.clone_into(&mut self.stage);
        self
    }

    /// Makes this a dry run.
    #[must_use]
    pub fn dry_run(mut self) -> Self {
        self.dry_run = true;
        self
    }

    /// Puts a value into the context.
    #[must_use]
    pub fn context_value(mut self, key: &str, value: Value) -> Self {
        self.context.insert(key.to_owned(), value);
        self
    }

    /// Adds a file of the service.
    #[must_use]
    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), bytes.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Adds a file to a function's package, and the package where it is missing.
    #[must_use]
    pub fn packaged(mut self, function: &str, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let files = self.packages.entry(function.to_owned()).or_default();
        files.insert(path.to_owned(), bytes.into());
        self
    }

    /// Adds an output of the deployed stack.
    #[must_use]
    pub fn output(mut self, key: &str, value: &str) -> Self {
        self.outputs.push((key.to_owned(), value.to_owned()));
        self.outputs.sort();
        self
    }

    /// Adds a resource of the deployed stack.
    #[must_use]
    pub fn resource(mut self, resource: StackResource) -> Self {
        self.resources.push(resource);
        self.resources.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
        self
    }

    /// What `rollback` is told.
    #[must_use]
    pub fn failed(mut self, step: &str, failure: Failure) -> Self {
        self.failure = Some((step.to_owned(), failure));
        self
    }

    /// Answers the plugin's commands; without this each fails.
    #[must_use]
    pub fn on_command(mut self, answer: impl Fn(&Command) -> Result<Output> + 'static) -> Self {
        self.commands = Some(Rc::new(answer));
        self
    }

    /// Puts an image into ECR.
    #[must_use]
    pub fn image(mut self, repository: &str, tag: &str) -> Self {
        self.images.insert((repository.to_owned(), tag.to_owned()));
        self
    }

    /// Runs one hook as the real host does: reads the plugin's type from the config, calls the hook,
    /// and undoes its edits when it fails.
    ///
    /// # Errors
    /// What reading the config or the hook returned.
    pub fn run<P: DeserializeOwned, T>(&mut self, hook: impl FnOnce(&P) -> Result<T>) -> Result<T> {
        let before = self.clone();
        CURRENT.set(Some(std::mem::take(self)));
        let result = crate::config::<P>().and_then(|plugin| hook(&plugin));
        *self = CURRENT.take().unwrap_or_default();
        if result.is_err() {
            self.template = before.template;
            self.context = before.context;
            self.packages = before.packages;
        }
        result
    }

    /// The template as it is now.
    #[must_use]
    pub fn template(&self) -> &Value {
        &self.template
    }

    /// The context as it is now.
    #[must_use]
    pub fn context(&self) -> &BTreeMap<String, Value> {
        &self.context
    }

    /// The files of a function's package as they are now.
    #[must_use]
    pub fn package(&self, function: &str) -> Option<&BTreeMap<String, Vec<u8>>> {
        self.packages.get(function)
    }

    /// The local names of the images that were built so far.
    #[must_use]
    pub fn built(&self) -> &[String] {
        &self.built
    }

    /// The images in ECR: repository and tag.
    #[must_use]
    pub fn images(&self) -> &BTreeSet<(String, String)> {
        &self.images
    }

    /// The log so far: level and message.
    #[must_use]
    pub fn log(&self) -> &[(String, String)] {
        &self.log
    }

    /// The messages of one level.
    #[must_use]
    pub fn logged(&self, level: &str) -> Vec<&str> {
        self.log.iter().filter(|(at, _)| at == level).map(|(_, message)| &**message).collect()
    }
}

/// The host that [`Host::run`] put in scope.
fn with<T>(action: impl FnOnce(&mut Host) -> T) -> T {
    CURRENT.with_borrow_mut(|host| {
        let host = host.as_mut().expect(
            "outside WebAssembly there is a host only inside `phalanx_plugin::testing::Host::run`",
        );
        action(host)
    })
}

#[cfg(test)]
mod tests;
