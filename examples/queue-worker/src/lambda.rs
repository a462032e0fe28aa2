//! The Lambda function: puts what it is called with into the queue.

use base64::Engine as _;
use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

use crate::Error;
use crate::queue::Queue;

/// Answers calls until Lambda ends the process.
pub(crate) async fn serve(queue: Queue) -> Result<(), Error> {
    let queue = &queue;
    run(service_fn(move |event: LambdaEvent<Value>| send(queue, event.payload))).await
}

async fn send(queue: &Queue, event: Value) -> Result<Value, Diagnostic> {
    let body = match message(&event) {
        Ok(body) => body,
        Err(why) => return Ok(answer(400, &json!({ "error": why }))),
    };
    // An error here is the function's: the caller sees it, and may call again.
    let id = queue.send(body).await.map_err(|error| Diagnostic {
        error_type: "NotSent".to_owned(),
        error_message: error.to_string(),
    })?;
    Ok(answer(202, &json!({ "id": id })))
}

/// The message of an event: the body of an HTTP request, or the event itself.
fn message(event: &Value) -> Result<String, String> {
    if event.get("requestContext").is_none() {
        return Ok(event.to_string());
    }
    let body = event["body"].as_str().filter(|body| !body.is_empty()).ok_or("no body")?;
    if event["isBase64Encoded"] != true {
        return Ok(body.to_owned());
    }
    let bytes = base64::prelude::BASE64_STANDARD.decode(body).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn answer(status: u16, body: &Value) -> Value {
    json!({
        "statusCode": status,
        "headers": { "content-type": "application/json" },
        "body": body.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_the_body_of_a_request_or_the_event() {
        let request = |body: Value, encoded: bool| {
            message(&json!({ "requestContext": {}, "body": body, "isBase64Encoded": encoded }))
        };
        assert_eq!(request(json!("{\"message\":\"x\"}"), false).unwrap(), "{\"message\":\"x\"}");
        assert_eq!(request(json!("cG9pc29u"), true).unwrap(), "poison");
        assert_eq!(request(Value::Null, false).unwrap_err(), "no body");
        assert_eq!(request(json!(""), false).unwrap_err(), "no body");
        assert!(request(json!("#"), true).is_err());
        assert_eq!(message(&json!({ "message": "x" })).unwrap(), r#"{"message":"x"}"#);
    }
}
