//! What guards a stack: protection from being deleted, and the policy of what an update may touch.

use super::error::refused;
use super::{Aws, AwsError};
use crate::cloud::ApplyRequest;

impl Aws {
    /// Sets what the request says and the stack has not. `protected` is whether it is protected now.
    pub(super) async fn guard_now(
        &self,
        request: &ApplyRequest,
        protected: Option<bool>,
    ) -> Result<(), AwsError> {
        let (name, settings) = (&request.stack, &request.settings);
        if let Some(wanted) = settings.termination_protection
            && wanted != protected.unwrap_or(false)
        {
            self.cloudformation
                .update_termination_protection()
                .stack_name(name)
                .enable_termination_protection(wanted)
                .send()
                .await
                .map_err(|error| refused("cloudformation:UpdateTerminationProtection", &error))?;
        }
        if let Some(policy) = &settings.policy
            && !self.has_policy(name, policy).await?
        {
            let call = self.cloudformation.set_stack_policy().stack_name(name);
            let set = call.stack_policy_body(policy).send().await;
            set.map_err(|error| refused("cloudformation:SetStackPolicy", &error))?;
        }
        Ok(())
    }

    async fn has_policy(&self, stack: &str, wanted: &str) -> Result<bool, AwsError> {
        let found = self.cloudformation.get_stack_policy().stack_name(stack).send().await;
        let found = found.map_err(|error| refused("cloudformation:GetStackPolicy", &error))?;
        Ok(found.stack_policy_body() == Some(wanted))
    }
}
