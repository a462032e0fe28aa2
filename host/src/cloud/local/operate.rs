//! What can be done in the local cloud with what is deployed: little, since nothing of it is real.

use async_trait::async_trait;

use super::{Local, LocalError};
use crate::cloud::{Drift, LogLine, LogQuery, Operate, Stack};
use crate::hint::BoxError;

#[async_trait]
impl Operate for Local {
    async fn logs(&self, _: &LogQuery) -> Result<Vec<LogLine>, BoxError> {
        Err(LocalError::NoLogs.into())
    }

    async fn drift(&self, _: &Stack) -> Result<Drift, BoxError> {
        Err(LocalError::NoDrift.into())
    }
}
