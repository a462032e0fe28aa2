//! What a message asks for.

use std::time::Duration;

use serde_json::Value;

/// The most that one message may take. ECS gives the container `stop-timeout` seconds to finish after it
/// asked it to stop, and the queue gives out again what is not deleted in its visibility timeout: this
/// is below both.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Works on a message, `{ "message": TEXT, "seconds": NUMBER }`, within a limit, and gives what is to be
/// logged. Taking so many seconds stands for the work.
pub(crate) async fn work(body: &str, limit: Duration) -> Result<String, String> {
    let job: Value = serde_json::from_str(body).map_err(|error| format!("no JSON: {error}"))?;
    let text = job["message"].as_str().ok_or("no text `message`")?;
    if text == "poison" {
        return Err("poison".to_owned());
    }
    let time = Duration::try_from_secs_f64(job["seconds"].as_f64().unwrap_or_default())
        .map_err(|error| format!("`seconds`: {error}"))?;
    let work = tokio::time::sleep(time);
    tokio::time::timeout(limit, work)
        .await
        .map_err(|_| format!("not done in {} seconds", limit.as_secs_f64()))?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worked(body: &str) -> Result<String, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.unwrap().block_on(work(body, Duration::from_millis(50)))
    }

    #[test]
    fn a_message_is_done() {
        assert_eq!(worked(r#"{ "message": "Hello", "seconds": 0.01 }"#).unwrap(), "Hello");
    }

    #[test]
    fn a_message_fails() {
        let why = |body| worked(body).unwrap_err();
        assert!(why("poison").starts_with("no JSON: expected value"));
        assert_eq!(why(r#"{ "message": "poison" }"#), "poison");
        assert_eq!(why(r#"["Hello"]"#), "no text `message`");
        assert_eq!(why(r#"{ "message": "slow", "seconds": 21 }"#), "not done in 0.05 seconds");
        assert!(why(r#"{ "message": "odd", "seconds": -1 }"#).starts_with("`seconds`: "));
    }
}
