//! What a JSON Schema cannot say of a config: numbers that must fit each other.

use phalanx_plugin::{Failure, Result};

use crate::EcsCluster;
use crate::rolling::Percents;

/// Fails at the first thing that is wrong, before anything is built.
pub(crate) fn check(config: &EcsCluster) -> Result {
    let ordered = |key: &str, min: u32, max: u32| {
        if min <= max {
            return Ok(());
        }
        Err(bad(format!("`{key}.min` is {min} and `{key}.max` is {max}"))
            .with_hint("the least must not be above the most"))
    };
    if config.is_managed() {
        ordered("instances", config.instances.min(), config.instances.max())?;
    }
    if let Some(scaling) = &config.scaling {
        ordered("scaling", scaling.min, scaling.max)?;
    }
    if let Some(name) = config.secrets.keys().find(|name| config.environment.contains_key(*name)) {
        return Err(bad(format!("`{name}` is in `environment` and in `secrets`"))
            .with_hint("remove one of the two"));
    }
    let percents = Percents::of(config);
    match counts(config).find(|&tasks| !percents.can_roll(tasks)) {
        None => Ok(()),
        Some(tasks) => Err(bad(format!(
            "a deployment of {tasks} {} could never begin: at least {} % stay and at most {} % run",
            if tasks == 1 { "task" } else { "tasks" },
            percents.minimum,
            percents.maximum,
        ))
        .with_hint("lower `minimum-percent` or raise `maximum-percent`")),
    }
}

/// The numbers of tasks that there can be.
fn counts(config: &EcsCluster) -> std::ops::RangeInclusive<u32> {
    match &config.scaling {
        Some(scaling) => scaling.min..=scaling.max,
        None => {
            let count = config.desired_count.unwrap_or(1);
            count..=count
        }
    }
}

fn bad(message: String) -> Failure {
    Failure::new("bad-config", message)
}
