//! What can be wrong with the bucket for artifacts, and what to do about it.

use crate::hint::{Explain, Kind};

/// The bucket for artifacts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The manifest names a bucket that is not there.
    #[error("there is no bucket `{bucket}`, which the manifest names for artifacts")]
    Missing {
        /// The bucket.
        bucket: String,
    },
    /// The bucket lies elsewhere.
    #[error("bucket `{bucket}` lies in {found}, and artifacts must lie in {wanted}")]
    OtherRegion {
        /// The bucket.
        bucket: String,
        /// Where it is.
        found: String,
        /// Where it must be.
        wanted: String,
    },
    /// The bucket is someone else's.
    #[error("bucket `{bucket}` belongs to another account, which does not let {caller} use it")]
    Foreign {
        /// The bucket.
        bucket: String,
        /// Who we are.
        caller: String,
        /// Whether the manifest names it.
        named: bool,
    },
    /// The bucket is ours, as far as that can be known, and we may not use it.
    #[error("bucket `{bucket}` cannot be used: S3 denies access to {caller}")]
    Denied {
        /// The bucket.
        bucket: String,
        /// Who we are.
        caller: String,
        /// Whether it is certain that it belongs to this account.
        ours: bool,
    },
    /// The template of a deployment is not stored any more.
    #[error("the template of build {build} of stack `{stack}` is no longer stored")]
    NoTemplate {
        /// The stack.
        stack: String,
        /// The build's id, in short.
        build: String,
    },
    /// A record or template in the bucket is not what was stored.
    #[error("object `{key}` in bucket `{bucket}` cannot be understood")]
    Damaged {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
        /// Why not.
        source: serde_json::Error,
    },
}

impl Explain for ArtifactError {
    fn kind(&self) -> Kind {
        match self {
            Self::Missing { .. } | Self::OtherRegion { .. } => Kind::BadInput,
            _ => Kind::Failed,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "no-artifact-bucket",
            Self::OtherRegion { .. } => "artifact-bucket-region",
            Self::Foreign { .. } => "artifact-bucket-foreign",
            Self::Denied { .. } => "artifact-bucket-denied",
            Self::NoTemplate { .. } => "template-missing",
            Self::Damaged { .. } => "artifact-bucket-damaged",
        }
    }

    fn hints(&self) -> Vec<String> {
        const OWN: &str = "or take `bucket` out of `[deploy]`: Phalanx then makes one for this account and region";
        match self {
            Self::Missing { .. } => {
                vec!["make it, or correct `bucket` in `[deploy]`".into(), OWN.into()]
            }
            Self::OtherRegion { wanted, .. } => {
                vec![format!("name a bucket in {wanted} as `bucket` in `[deploy]`"), OWN.into()]
            }
            Self::Foreign { named: true, caller, .. } => vec![
                format!("correct `bucket` in `[deploy]`, or let its owner allow {caller} in its policy"),
                OWN.into(),
            ],
            Self::Foreign { named: false, .. } => vec![
                "someone has taken the name that Phalanx uses: name a bucket of yours as `bucket` in `[deploy]`"
                    .into(),
            ],
            Self::Denied { ours, .. } => {
                let mut hints = vec![
                    "allow `s3:ListBucket`, `s3:GetObject` and `s3:PutObject` on it, in IAM and in its policy"
                        .to_owned(),
                ];
                if !ours {
                    hints.push("it may also belong to another account".into());
                }
                hints
            }
            Self::NoTemplate { .. } => {
                vec!["build that version from its source, and run `phalanx deploy`".into()]
            }
            Self::Damaged { .. } => vec!["it was changed by hand: restore it, or remove it".into()],
        }
    }
}
