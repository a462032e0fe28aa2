//! The container: takes messages out of the queue until it is asked to stop.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::Error;
use crate::backoff::{Backoff, until_again};
use crate::job;
use crate::queue::{Queue, Received};

/// Works until SIGTERM or SIGINT. From then on it takes nothing more, but ends what it has.
pub(crate) async fn work(queue: &Queue) -> Result<(), Error> {
    let mut stop = Stop::new()?;
    let mut backoff = Backoff::default();
    println!("waiting for messages of {}", queue.url);
    loop {
        // What SQS gives out while this call is dropped comes again after the visibility timeout.
        let received = tokio::select! {
            biased;
            () = stop.asked() => break,
            received = queue.receive() => received,
        };
        // Not interrupted by the signal: what was taken out is done, and deleted.
        let done = match received {
            Ok(messages) => handle(queue, messages).await,
            Err(error) => Err(error),
        };
        let Err(error) = done else {
            backoff.reset();
            continue;
        };
        let pause = backoff.next();
        println!("error: {error}; going on in {} ms", pause.as_millis());
        tokio::select! {
            biased;
            () = stop.asked() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    println!("stopped; nothing is left half done");
    Ok(())
}

/// Works on messages side by side. What was done is deleted; what failed comes again later, and in the
/// end goes to the dead-letter queue.
async fn handle(queue: &Queue, messages: Vec<Received>) -> Result<(), Error> {
    let mut jobs = JoinSet::new();
    for message in messages {
        jobs.spawn(async move { (job::work(&message.body, job::LIMIT).await, message) });
    }
    let (mut done, mut failed) = (Vec::new(), Vec::<(Received, Duration)>::new());
    while let Some(finished) = jobs.join_next().await {
        // One that panicked comes again after the visibility timeout, like one of a worker that died.
        let (result, message) = finished?;
        match result {
            Ok(text) => {
                println!("message {}: {text}", message.id);
                done.push(message);
            }
            Err(why) => {
                let after = until_again(message.times);
                println!(
                    "message {} failed for the {}. time, next try in {} s: {why}",
                    message.id,
                    message.times,
                    after.as_secs()
                );
                failed.push((message, after));
            }
        }
    }
    if !done.is_empty() {
        queue.delete(&done.iter().collect::<Vec<_>>()).await?;
    }
    if !failed.is_empty() {
        let again: Vec<_> = failed.iter().map(|(message, after)| (message, *after)).collect();
        queue.put_back(&again).await?;
    }
    Ok(())
}

/// The request to stop: ECS sends SIGTERM, a terminal SIGINT.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for it. One that came in the meantime counts.
    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
