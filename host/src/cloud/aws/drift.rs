//! How a stack's resources differ from its template, as CloudFormation finds out.

use std::time::Duration;

use aws_sdk_cloudformation::types::{
    PropertyDifference, StackDriftDetectionStatus, StackResourceDrift, StackResourceDriftStatus,
};
use serde_json::Value;

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::{Drift, DriftState, PropertyDrift, ResourceDrift, Stack};

/// Between two looks at the detection; the longer one is reached after a while.
const PAUSE: Duration = Duration::from_millis(500);
const LONG_PAUSE: Duration = Duration::from_secs(5);

impl Aws {
    pub(super) async fn detect_drift(&self, stack: &Stack) -> Result<Drift, AwsError> {
        let started = self.cloudformation.detect_stack_drift().stack_name(&stack.id).send().await;
        let started =
            started.map_err(|error| refused("cloudformation:DetectStackDrift", &error))?;
        let incomplete =
            self.detected(&started.stack_drift_detection_id.unwrap_or_default()).await?;
        let pages = self.cloudformation.describe_stack_resource_drifts().stack_name(&stack.id);
        let mut pages = pages.into_paginator().send();
        let mut resources = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page
                .map_err(|error| refused("cloudformation:DescribeStackResourceDrifts", &error))?;
            resources
                .extend(page.stack_resource_drifts.unwrap_or_default().into_iter().filter_map(of));
        }
        resources.sort_by(|a, b| a.logical_id.cmp(&b.logical_id));
        let not_checked = stack.resources.len().saturating_sub(resources.len());
        Ok(Drift { resources, not_checked, incomplete })
    }

    /// Waits until the detection has ended; tells why it could not look at everything.
    async fn detected(&self, id: &str) -> Result<Option<String>, AwsError> {
        let mut pause = PAUSE;
        loop {
            let call = self.cloudformation.describe_stack_drift_detection_status();
            let answer = call.stack_drift_detection_id(id).send().await.map_err(|error| {
                refused("cloudformation:DescribeStackDriftDetectionStatus", &error)
            })?;
            match answer.detection_status {
                Some(StackDriftDetectionStatus::DetectionComplete) => return Ok(None),
                Some(StackDriftDetectionStatus::DetectionFailed) => {
                    let reason = answer.detection_status_reason;
                    return Ok(Some(
                        reason.unwrap_or_else(|| "CloudFormation gives no reason".into()),
                    ));
                }
                _ => {}
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f32(1.5).min(LONG_PAUSE);
        }
    }
}

/// None for a resource that was not compared.
fn of(drift: StackResourceDrift) -> Option<ResourceDrift> {
    let state = match drift.stack_resource_drift_status? {
        StackResourceDriftStatus::InSync => DriftState::InSync,
        StackResourceDriftStatus::Modified => DriftState::Modified,
        StackResourceDriftStatus::Deleted => DriftState::Deleted,
        _ => return None,
    };
    let differences = drift.property_differences.unwrap_or_default();
    Some(ResourceDrift {
        logical_id: drift.logical_resource_id.unwrap_or_default(),
        physical_id: drift.physical_resource_id.unwrap_or_default(),
        resource_type: drift.resource_type.unwrap_or_default(),
        state,
        properties: differences.into_iter().map(property).collect(),
    })
}

fn property(difference: PropertyDifference) -> PropertyDrift {
    PropertyDrift {
        path: difference.property_path.unwrap_or_default(),
        expected: difference.expected_value.and_then(value),
        actual: difference.actual_value.and_then(value),
    }
}

/// Objects and lists come as JSON, everything else as it is written, `null` for nothing.
fn value(text: String) -> Option<Value> {
    match serde_json::from_str(&text) {
        Ok(Value::Null) => None,
        Ok(value) => Some(value),
        Err(_) => Some(Value::String(text)),
    }
}
