//! Makes the calls of AWS that its config names, in `pre-build` or after provisioning, and logs what came back.

use phalanx_plugin::{PostProvision, PreBuild, Result, aws, log};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Messenger {
    #[serde(default)]
    early: Vec<Call>,
    #[serde(default)]
    late: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    service: String,
    action: String,
    target: String,
    body: String,
}

impl Call {
    fn make(&self) -> Result {
        let request = aws::Request {
            service: self.service.clone(),
            action: self.action.clone(),
            method: "POST".to_owned(),
            path: "/".to_owned(),
            headers: vec![
                ("Content-Type".to_owned(), "application/x-amz-json-1.0".to_owned()),
                ("X-Amz-Target".to_owned(), self.target.clone()),
            ],
            body: self.body.clone().into_bytes(),
        };
        let answer = aws::call(&request)?;
        log::info!("{}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(())
    }
}

impl PreBuild for Messenger {
    fn pre_build(&self) -> Result {
        self.early.iter().try_for_each(Call::make)
    }
}

impl PostProvision for Messenger {
    fn post_provision(&self) -> Result {
        self.late.iter().try_for_each(Call::make)
    }
}

phalanx_plugin::export!(Messenger: pre_build, post_provision);
