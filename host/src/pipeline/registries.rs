//! Registries as a run sees them: the store of the user's cache, Docker's logins, and those of ECR, for which
//! the run's own credentials are enough.

use std::sync::Arc;

use async_trait::async_trait;

use crate::cloud::Images as _;
use crate::cloud::aws::{Aws, Wanted};
use crate::plugin::MAX_COMPONENT;
use crate::registry::{Client, Logins, RegistryError, Store};
use crate::settings::Settings;

/// The registries that a run can reach, none when it is `offline`; `profile` is what signs for those of ECR.
pub(super) fn client(settings: &Settings, profile: Option<&str>, offline: bool) -> Client {
    let store = Store::new(&settings.cache_dir, settings.now);
    let logins = EcrLogins { profile: profile.map(str::to_owned) };
    Client::new(store, Arc::new(logins), MAX_COMPONENT)
        .offline(offline)
        .timeout(settings.network_timeout)
}

struct EcrLogins {
    profile: Option<String>,
}

#[async_trait]
impl Logins for EcrLogins {
    async fn login(&self, registry: &str) -> Result<Option<(String, String)>, RegistryError> {
        let Some((account, region)) = ecr(registry) else { return Ok(None) };
        let wanted = Wanted {
            profile: self.profile.clone(),
            region: Some(region.to_owned()),
            account: Some(account.to_owned()),
            ..Wanted::default()
        };
        let failed =
            |reason: String| RegistryError::Credentials { registry: registry.to_owned(), reason };
        let aws = Aws::open(&wanted).await.map_err(|error| failed(error.to_string()))?;
        let login = aws.login().await.map_err(|error| failed(error.to_string()))?;
        Ok(Some((login.user, login.password)))
    }
}

/// Account and region of a registry of ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`.
fn ecr(registry: &str) -> Option<(&str, &str)> {
    let (account, rest) = registry.split_once(".dkr.ecr.")?;
    let (region, end) = rest.split_once('.')?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && end.starts_with("amazonaws.")).then_some((account, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_of_ecr_are_known() {
        let known = ecr("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn");
        assert_eq!(known, Some(("123456789012", "cn-north-1")));
        for other in
            ["registry.example.com", "12.dkr.ecr.eu-west-1.amazonaws.com", "public.ecr.aws"]
        {
            assert_eq!(ecr(other), None, "{other}");
        }
    }
}
