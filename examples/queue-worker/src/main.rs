//! One program, two places: as a Lambda function it puts messages into a queue, as a container on ECS it
//! takes them out and works on them.

mod backoff;
mod job;
mod lambda;
mod queue;
mod worker;

use std::process::ExitCode;

use queue::Queue;

/// What went wrong, for the log.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a system that can wait for input");
    match runtime.block_on(start(std::env::args().nth(1).as_deref())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Becomes what it is told to be. Lambda tells nothing, but sets this variable.
async fn start(mode: Option<&str>) -> Result<(), Error> {
    let mode = match mode {
        None if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() => "lambda",
        mode => mode.unwrap_or_default(),
    };
    match mode {
        "lambda" => lambda::serve(Queue::from_environment().await?).await,
        "worker" => worker::work(&Queue::from_environment().await?).await,
        _ => Err("usage: queue-worker lambda | worker".into()),
    }
}
