//! What can be done in AWS with what is deployed.

use async_trait::async_trait;

use super::Aws;
use crate::cloud::{Drift, FastPath, LogLine, LogQuery, Operate, Stack};
use crate::hint::BoxError;

#[async_trait]
impl Operate for Aws {
    async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, BoxError> {
        self.read_log(query).await
    }

    async fn drift(&self, stack: &Stack) -> Result<Drift, BoxError> {
        Ok(self.detect_drift(stack).await?)
    }

    fn fast_path(&self) -> Option<&dyn FastPath> {
        Some(self)
    }
}
