//! `status --redact`: hides what strangers should not read, so that a status can go into a ticket.
//!
//! Names stay, since without them nobody could help. What looks like a secret is hidden even if it may
//! be none.

use std::collections::BTreeSet;

use fancy_regex::Regex;
use phalanx::cloud::Stack;
use phalanx::template::Pointer;
use phalanx::template::references::in_value;
use serde_json::{Value, json};

/// Stands for a value that is hidden as a whole.
const HIDDEN: &str = "<hidden>";

/// Words in the name of an output that make its value a secret.
const SECRET_WORDS: [&str; 7] =
    ["secret", "password", "passwd", "token", "credential", "privatekey", "apikey"];

/// Hides what a stack itself marks as secret: values of `NoEcho` parameters, outputs that are made of
/// secrets or called so, and the template, whose every property might hold one.
pub(super) fn stack(stack: &mut Stack) {
    let secrets = Secrets::of(&stack.template);
    for (name, value) in &mut stack.parameters {
        if secrets.parameters.contains(name) {
            HIDDEN.clone_into(value);
        }
    }
    for (name, value) in &mut stack.outputs {
        let lower = name.to_lowercase();
        let called_so = SECRET_WORDS.iter().any(|word| lower.contains(word));
        if called_so || secrets.are_in(&stack.template["Outputs"][name.as_str()]["Value"]) {
            HIDDEN.clone_into(value);
        }
    }
    stack.template = json!({ "Metadata": stack.template["Metadata"] });
}

/// What in a template is secret.
struct Secrets<'a> {
    template: &'a Value,
    parameters: BTreeSet<String>,
}

impl<'a> Secrets<'a> {
    fn of(template: &'a Value) -> Self {
        let parameters = template["Parameters"].as_object().into_iter().flatten();
        // CloudFormation takes the text as well.
        let secret = parameters.filter(|(_, one)| one["NoEcho"] == true || one["NoEcho"] == "true");
        Self { template, parameters: secret.map(|(name, _)| name.clone()).collect() }
    }

    /// True for a value that names a secret, or an attribute of a resource that names one.
    fn are_in(&self, value: &Value) -> bool {
        self.named_in(value)
            || in_value(value, &Pointer::root()).any(|reference| {
                let resource = &self.template["Resources"][reference.target.as_str()];
                reference.attribute.as_deref().is_some_and(|attribute| {
                    attribute == "SecretAccessKey" || self.named_in(&resource["Properties"])
                })
            })
    }

    fn named_in(&self, value: &Value) -> bool {
        let text = value.to_string();
        let dynamic = ["{{resolve:secretsmanager:", "{{resolve:ssm-secure:"];
        dynamic.iter().any(|start| text.contains(start))
            || in_value(value, &Pointer::root())
                .any(|reference| self.parameters.contains(&reference.target))
    }
}

/// Hides parts of texts that tell who an account is or let somebody in: accounts, access keys, what
/// stands in front of `@` and behind `?` in a URL, and long random texts.
pub(super) struct Texts([(Regex, &'static str); 5]);

impl Texts {
    pub(super) fn new() -> Self {
        Self(
            [
                (r"(?<![0-9])[0-9]{12}(?![0-9])", "<account>"),
                (r"(?<![A-Z0-9])A[A-Z]{3}[A-Z0-9]{16,}(?![A-Z0-9])", "<key>"),
                (r"(?<=://)[^\s/@?]+(?=@)", "<credentials>"),
                (r#"(?<=[a-z0-9/])\?[^\s"?]+=[^\s"]*"#, "?<query>"),
                (
                    r"(?<![A-Za-z0-9+])(?=[A-Za-z0-9+]*[a-z])(?=[A-Za-z0-9+]*[A-Z])(?=[A-Za-z0-9+]*[0-9])[A-Za-z0-9+]{32,}=*",
                    HIDDEN,
                ),
            ]
            .map(|(pattern, stands)| (Regex::new(pattern).expect("a valid pattern"), stands)),
        )
    }

    pub(super) fn hide(&self, text: &str) -> String {
        let hide = |text: String, (pattern, stands): &(Regex, &str)| {
            pattern.replace_all(&text, *stands).into_owned()
        };
        self.0.iter().fold(text.to_owned(), hide)
    }

    /// The same in every text of a JSON value.
    pub(super) fn hide_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.hide(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.hide_in(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.hide_in(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_tell_too_much_are_hidden() {
        let texts = Texts::new();
        for (text, hidden) in [
            (
                "arn:aws:cloudformation:eu-central-1:123456789012:stack/orders-dev/1f0c-11ee",
                "arn:aws:cloudformation:eu-central-1:<account>:stack/orders-dev/1f0c-11ee",
            ),
            (
                "https://sqs.eu-central-1.amazonaws.com/123456789012/orders-dev-Queue-E51CCFC7B501D",
                "https://sqs.eu-central-1.amazonaws.com/<account>/orders-dev-Queue-E51CCFC7B501D",
            ),
            ("key AKIAIOSFODNN7EXAMPLE is used", "key <key> is used"),
            (
                "https://bucket.s3.amazonaws.com/wait?AWSAccessKeyId=AKIA&Signature=a%2Fb%3D",
                "https://bucket.s3.amazonaws.com/wait?<query>",
            ),
            (
                "postgres://admin:hunter2@db.example.com/x",
                "postgres://<credentials>@db.example.com/x",
            ),
            ("is wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY==", "is <hidden>"),
            ("1234567890123", "1234567890123"),
            ("what? nothing", "what? nothing"),
            (
                "3f2a9c0d5e8b7a6f4c1d2e3b0a9f8c7d6e5b4a3f2c1d0e9b8a7f6c5d4e3b2a1f",
                "3f2a9c0d5e8b7a6f4c1d2e3b0a9f8c7d6e5b4a3f2c1d0e9b8a7f6c5d4e3b2a1f",
            ),
        ] {
            assert_eq!(texts.hide(text), hidden);
        }
        let mut value = json!({ "a": ["123456789012", 1, null] });
        texts.hide_in(&mut value);
        assert_eq!(value, json!({ "a": ["<account>", 1, null] }));
    }

    #[test]
    fn values_made_of_secrets_are_secret() {
        let template = json!({
            "Parameters": {
                "Password": { "Type": "String", "NoEcho": true },
                "Pin": { "Type": "String", "NoEcho": "true" },
                "Stage": { "Type": "String" },
            },
            "Resources": {
                "Parameter": {
                    "Type": "AWS::SSM::Parameter",
                    "Properties": { "Value": { "Fn::Sub": "x-${Password}" } },
                },
                "Plain": { "Type": "AWS::SSM::Parameter", "Properties": { "Value": "y" } },
                "Key": { "Type": "AWS::IAM::AccessKey", "Properties": { "UserName": "ada" } },
            },
        });
        let secrets = Secrets::of(&template);
        for secret in [
            json!({ "Ref": "Password" }),
            json!({ "Fn::Join": ["", ["a", { "Ref": "Pin" }]] }),
            json!({ "Fn::Sub": "postgres://u:${Password}@db" }),
            json!({ "Fn::GetAtt": ["Parameter", "Value"] }),
            json!({ "Fn::Sub": "${Key.SecretAccessKey}" }),
            json!("{{resolve:secretsmanager:db:SecretString:password}}"),
        ] {
            assert!(secrets.are_in(&secret), "{secret}");
        }
        for open in [
            json!({ "Ref": "Stage" }),
            json!({ "Ref": "Parameter" }),
            json!({ "Fn::GetAtt": ["Plain", "Value"] }),
            json!({ "Ref": "Key" }),
            json!("plain"),
        ] {
            assert!(!secrets.are_in(&open), "{open}");
        }
    }
}
