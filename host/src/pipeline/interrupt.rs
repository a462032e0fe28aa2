//! What happens when the user interrupts a run.
//!
//! The first Ctrl-C asks the run to stop, the second ends the process. Only while the cloud works on
//! the stack it is otherwise: the first stops following, which does not stop the cloud, the second
//! has the cloud undo what it does, and the third ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::error::PipelineError;
use super::run::Run;
use super::step::Step;
use crate::hint::BoxError;

/// How long a second Ctrl-C is waited for, once following has stopped.
const SECOND_CHANCE: Duration = Duration::from_secs(10);

/// Tells every step that the user wants to stop.
#[derive(Debug, Clone)]
pub struct Interrupt {
    presses: watch::Receiver<u32>,
    /// How many presses the run itself answers.
    heeded: Arc<AtomicU32>,
}

/// The other end: whoever listens to the user.
#[derive(Debug)]
pub struct Presses {
    presses: watch::Sender<u32>,
    heeded: Arc<AtomicU32>,
}

impl Interrupt {
    /// An interrupt, and what raises it.
    pub fn new() -> (Presses, Self) {
        let (sender, receiver) = watch::channel(0);
        let heeded = Arc::new(AtomicU32::new(1));
        (Presses { presses: sender, heeded: heeded.clone() }, Self { presses: receiver, heeded })
    }

    /// Waits until the user has interrupted; for ever when nobody can.
    pub async fn raised(&mut self) {
        self.at_least(1).await;
    }

    async fn at_least(&mut self, times: u32) {
        if self.presses.wait_for(|presses| *presses >= times).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Presses {
    /// Notes one press. True when the run does not answer it any more: then the process must end.
    #[must_use]
    pub fn press(&self) -> bool {
        self.presses.send_modify(|presses| *presses += 1);
        *self.presses.borrow() > self.heeded.load(Ordering::SeqCst)
    }
}

/// Leaves a stack on which the cloud works, after the first press. Gives the error that the run ends
/// with.
pub(super) async fn leave(run: &mut Run, step: Step) -> BoxError {
    let mut interrupt = run.environment.interrupt.clone();
    interrupt.heeded.store(2, Ordering::SeqCst);
    let name = run.service.stack_name.clone();
    let status = match run.cloud.status(&name).await {
        Ok(status) => status.unwrap_or_default(),
        Err(error) => return error,
    };
    if !status.ends_with("_IN_PROGRESS") || status == "REVIEW_IN_PROGRESS" {
        return PipelineError::Interrupted { at: step.name() }.into();
    }
    // The stack may yet come to what this run wanted, and then needs what rollback hooks would remove.
    run.detached = true;
    let left = PipelineError::LeftAlone { stack: name.clone(), status: status.clone() };
    if status != "UPDATE_IN_PROGRESS" {
        return left.into();
    }
    run.reporter().note(format!(
        "stack {name} goes on without this run: press Ctrl-C again within {} s to cancel its update",
        SECOND_CHANCE.as_secs()
    ));
    if timeout(SECOND_CHANCE, interrupt.at_least(2)).await.is_err() {
        return left.into();
    }
    run.detached = false;
    run.reporter().note(format!("the update of stack {name} is cancelled"));
    match run.cloud.cancel(&name, Arc::clone(&run.environment.reporter)).await {
        Ok(()) => PipelineError::Cancelled { stack: name }.into(),
        Err(error) => error,
    }
}
