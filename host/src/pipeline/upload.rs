//! Step 9: the packages to the cloud, side by side; what is there already is skipped.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::cloud::{Artifact, Stored};
use crate::hint::BoxError;

use super::plan::PlanResult;
use super::run::Run;
use super::step::Step;

/// How many artifacts are sent at once.
const PARALLEL: usize = 8;

/// Stores every package that the cloud does not have. The functions of a stack that needs no change
/// have all of them.
pub(super) async fn upload(run: &mut Run, plan: &PlanResult) -> Result<(), BoxError> {
    let uploaded = run.step(Step::Upload, async |run| {
        if !plan.new_stack && plan.plan.is_empty() && !run.cloud.runs_artifacts() {
            return Ok(((), "nothing to store".into()));
        }
        let run = &*run;
        run.cloud.ready().await?;
        let sealed = run.sealed.as_ref().expect("seal has run");
        let stores = sealed.packages.iter().map(|package| {
            let artifact = Artifact {
                digest: package.digest,
                path: package.path.clone(),
                size: package.size,
                label: format!("package of {}", package.functions.join(", ")),
            };
            let reporter = Arc::clone(&run.environment.reporter);
            async move { run.cloud.store(&artifact, reporter).await }
        });
        let stored: Vec<_> = stream::iter(stores).buffered(PARALLEL).try_collect().await?;
        let new = stored.iter().filter(|stored| **stored == Stored::New).count();
        Ok(((), format!("{new} stored, {} already there", stored.len() - new)))
    });
    let uploaded = uploaded.await;
    if uploaded.is_err() {
        // An interrupt cuts off whatever was being sent.
        run.cloud.abandon().await;
    }
    uploaded
}
