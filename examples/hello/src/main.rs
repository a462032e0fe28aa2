//! Answers `GET /hello?name=…` of the HTTP API, and any other event, with a greeting.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(service_fn(hello)))
}

async fn hello(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let request = event.payload;
    let query = request.pointer("/queryStringParameters/name").or_else(|| request.get("name"));
    let name = query.and_then(Value::as_str).unwrap_or("world");
    let greeting = std::env::var("GREETING").unwrap_or_else(|_| "Hello".to_owned());
    Ok(json!({
        "statusCode": 200,
        "headers": { "content-type": "application/json" },
        "body": json!({ "message": format!("{greeting}, {name}!") }).to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use lambda_runtime::Context;

    use super::*;

    #[test]
    fn greets_by_name() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let event = json!({ "queryStringParameters": { "name": "Ada" } });
        let answer = runtime.block_on(hello(LambdaEvent::new(event, Context::default()))).unwrap();
        assert_eq!(answer["body"], r#"{"message":"Hello, Ada!"}"#);
    }
}
