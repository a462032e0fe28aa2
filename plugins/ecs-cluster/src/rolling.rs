//! How many tasks a deployment may stop and start: a service that may do neither never changes.

use crate::EcsCluster;

/// Percents of the tasks that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Percents {
    /// That stay healthy.
    pub(crate) minimum: u32,
    /// That run at once.
    pub(crate) maximum: u32,
}

impl Percents {
    /// New tasks start before old ones stop, unless there may be no room for both: on instances that
    /// cannot become more, the old ones make room.
    pub(crate) fn of(config: &EcsCluster) -> Self {
        let grows = config.is_managed() && config.instances.max() > config.instances.min();
        let default = if config.is_ec2() && !grows { 0 } else { 100 };
        Self {
            minimum: config.minimum_percent.unwrap_or(default),
            maximum: config.maximum_percent.unwrap_or(200),
        }
    }

    /// Whether a deployment of this many tasks can begin, as ECS rounds: the minimum up, the maximum
    /// down.
    pub(crate) fn can_roll(self, tasks: u32) -> bool {
        let share = |percent: u32| u64::from(tasks) * u64::from(percent);
        let (keeps, reaches) = (share(self.minimum).div_ceil(100), share(self.maximum) / 100);
        tasks == 0 || keeps < u64::from(tasks) || reaches > u64::from(tasks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_decides_for_few_tasks() {
        let can_roll = |minimum, maximum, tasks| Percents { minimum, maximum }.can_roll(tasks);
        assert!(can_roll(100, 200, 1));
        assert!(can_roll(0, 100, 1));
        assert!(!can_roll(100, 100, 10));
        assert!(!can_roll(50, 100, 1));
        assert!(can_roll(50, 100, 2));
        assert!(!can_roll(100, 150, 1));
        assert!(can_roll(100, 150, 2));
        assert!(can_roll(100, 100, 0));
    }
}
