//! `public-bucket`: buckets that everybody can read or write.
//!
//! A bucket without a word on it is private: since 2023 S3 blocks public access unless told not to.

use phalanx_plugin::{Finding, Pointer, Result, Severity, Value, template};

use crate::Findings;
use crate::iam::statements;

const RULE: &str = "public-bucket";

pub(crate) fn check(findings: &mut Findings<'_>, id: &str, resource_type: &str) -> Result {
    match resource_type {
        "AWS::S3::Bucket" => bucket(findings, id),
        "AWS::S3::BucketPolicy" => policy(findings, id),
        _ => Ok(()),
    }
}

fn bucket(findings: &mut Findings<'_>, id: &str) -> Result {
    let at = Pointer::property(id, "AccessControl");
    if let Some(Value::String(acl)) = template::get(&at)?
        && matches!(&*acl, "PublicRead" | "PublicReadWrite" | "AuthenticatedRead")
    {
        findings.add(
            Finding::new(Severity::Error, RULE, at, format!("bucket `{id}` has the ACL `{acl}`"))
                .with_hint("remove `AccessControl`; serve public files through CloudFront"),
        );
    }
    let at = Pointer::property(id, "PublicAccessBlockConfiguration");
    let Some(Value::Object(blocks)) = template::get(&at)? else { return Ok(()) };
    for (block, value) in &blocks {
        if *value == false || value == "false" {
            findings.add(
                Finding::new(
                    Severity::Error,
                    RULE,
                    at.clone().join(block),
                    format!("bucket `{id}` switches `{block}` off"),
                )
                .with_hint("remove it: blocking public access is the default"),
            );
        }
    }
    Ok(())
}

fn policy(findings: &mut Findings<'_>, id: &str) -> Result {
    let at = Pointer::property(id, "PolicyDocument");
    let Some(document) = template::get::<Value>(&at)? else { return Ok(()) };
    statements(&document, &at, &mut |statement, at| {
        // A condition may well narrow it to a network or an organisation.
        if everybody(&statement["Principal"]) && statement.get("Condition").is_none() {
            findings.add(
                Finding::new(
                    Severity::Error,
                    RULE,
                    at.clone().join("Principal"),
                    format!("bucket policy `{id}` allows everybody"),
                )
                .with_hint("name the principal, or add a `Condition`"),
            );
        }
    });
    Ok(())
}

fn everybody(principal: &Value) -> bool {
    let star = |value: &Value| {
        value == "*" || value.as_array().is_some_and(|items| items.iter().any(|item| item == "*"))
    };
    star(principal) || star(&principal["AWS"])
}
