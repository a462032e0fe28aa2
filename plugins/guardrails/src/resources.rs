//! `unencrypted-queue`, `missing-log-retention` and `missing-deletion-policy`: resources that leave
//! something important unsaid.

use phalanx_plugin::{Finding, Pointer, Result, Severity, Value, template};

use crate::Findings;

/// Types whose deletion loses data; sorted.
const STATEFUL: [&str; 18] = [
    "AWS::Backup::BackupVault",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::ECR::Repository",
    "AWS::EFS::FileSystem",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Neptune::DBCluster",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

pub(crate) fn check(findings: &mut Findings<'_>, id: &str, resource_type: &str) -> Result {
    match resource_type {
        "AWS::SQS::Queue" => queue(findings, id)?,
        "AWS::Logs::LogGroup" => log_group(findings, id),
        _ => {}
    }
    if STATEFUL.binary_search(&resource_type).is_ok() {
        deletion_policy(findings, id, resource_type);
    }
    Ok(())
}

fn queue(findings: &mut Findings<'_>, id: &str) -> Result {
    if template::has(Pointer::property(id, "KmsMasterKeyId")) {
        return Ok(());
    }
    let at = Pointer::property(id, "SqsManagedSseEnabled");
    let (severity, message) = match template::get::<Value>(&at)? {
        Some(enabled) if enabled == false || enabled == "false" => {
            (Severity::Error, format!("queue `{id}` switches its encryption off"))
        }
        Some(_) => return Ok(()),
        None => (Severity::Warning, format!("queue `{id}` does not say how it is encrypted")),
    };
    let hint = "set `SqsManagedSseEnabled = true`, or a key in `KmsMasterKeyId`";
    findings.add(Finding::new(severity, "unencrypted-queue", at, message).with_hint(hint));
    Ok(())
}

fn log_group(findings: &mut Findings<'_>, id: &str) {
    let at = Pointer::property(id, "RetentionInDays");
    if !template::has(&at) {
        let message = format!("log group `{id}` keeps its logs for ever");
        findings.add(
            Finding::new(Severity::Warning, "missing-log-retention", at, message)
                .with_hint("set `RetentionInDays`, for example to 30"),
        );
    }
}

fn deletion_policy(findings: &mut Findings<'_>, id: &str, resource_type: &str) {
    let at = Pointer::resource(id).join("DeletionPolicy");
    if !template::has(&at) {
        let message = format!("`{id}` ({resource_type}) holds data and has no `DeletionPolicy`");
        findings.add(
            Finding::new(Severity::Warning, "missing-deletion-policy", at, message).with_hint(
                "set `DeletionPolicy` and `UpdateReplacePolicy` to `Retain`, or to `Delete` to say \
                 that the data may go",
            ),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(STATEFUL.is_sorted());
    }
}
