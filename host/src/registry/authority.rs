//! What a plugin was approved to do, as the lock file keeps it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::manifest::{Grants, Limits};
use crate::text::size;

/// Grants as they were approved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LockedGrants {
    /// Beginnings of command lines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<Vec<String>>,
    /// Globs of files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// Variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// AWS actions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aws: Vec<String>,
    /// Hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<String>,
    /// Images.
    #[serde(skip_serializing_if = "is_false")]
    pub images: bool,
    /// The real clock.
    #[serde(skip_serializing_if = "is_false")]
    pub clock: bool,
    /// Real randomness.
    #[serde(skip_serializing_if = "is_false")]
    pub random: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
fn is_false(value: &bool) -> bool {
    !value
}

impl From<&Grants> for LockedGrants {
    fn from(grants: &Grants) -> Self {
        Self {
            commands: grants.commands.clone(),
            files: grants.files.clone(),
            env: grants.env.clone(),
            aws: grants.aws.clone(),
            network: grants.network.clone(),
            images: grants.images,
            clock: grants.clock,
            random: grants.random,
        }
    }
}

impl LockedGrants {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Each grant in words, such as `images` or `aws sns:Publish`.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> =
            (self.commands.iter()).map(|prefix| format!("commands {}", prefix.join(" "))).collect();
        let lists = [
            ("files", &self.files),
            ("env", &self.env),
            ("aws", &self.aws),
            ("network", &self.network),
        ];
        for (name, list) in lists {
            words.extend(list.iter().map(|item| format!("{name} {item}")));
        }
        let flags = [("images", self.images), ("clock", self.clock), ("random", self.random)];
        words.extend(flags.iter().filter(|(_, set)| *set).map(|(name, _)| (*name).to_owned()));
        words
    }

    /// What `other` grants and this does not, in words.
    pub fn widened_by(&self, other: &Self) -> Vec<String> {
        let own = self.words();
        other.words().into_iter().filter(|word| !own.contains(word)).collect()
    }
}

/// Limits of hook calls as they were approved: those above the usual ones, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LockedLimits(BTreeMap<String, u64>);

/// The names of all limits, with their values.
fn named(limits: &Limits) -> [(&'static str, u64); 6] {
    [
        ("time-ms", limits.time_ms),
        ("memory", limits.memory),
        ("handles", limits.handles.into()),
        ("stack", limits.stack),
        ("log", limits.log),
        ("host-data", limits.host_data),
    ]
}

impl From<&Limits> for LockedLimits {
    fn from(limits: &Limits) -> Self {
        let usual = named(&Limits::default());
        let above =
            named(limits).into_iter().zip(usual).filter(|((_, own), (_, usual))| own > usual);
        Self(above.map(|((name, value), _)| (name.to_owned(), value)).collect())
    }
}

impl LockedLimits {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn get(&self, name: &str, usual: u64) -> u64 {
        self.0.get(name).copied().unwrap_or(usual)
    }

    /// Each limit that is another one in `other`, in words, and whether it is wider there.
    pub fn changes(&self, other: &Self) -> Vec<(String, bool)> {
        let change = |(name, usual): (&str, u64)| {
            let (was, is) = (self.get(name, usual), other.get(name, usual));
            let shown = |value: u64| match name {
                "handles" => value.to_string(),
                "time-ms" => format!("{value} ms"),
                _ => size(value),
            };
            let name = name.trim_end_matches("-ms");
            (was != is).then(|| (format!("limit {name} {} -> {}", shown(was), shown(is)), is > was))
        };
        named(&Limits::default()).into_iter().filter_map(change).collect()
    }

    /// What `other` allows and this does not, in words.
    pub fn widened_by(&self, other: &Self) -> Vec<String> {
        let wider = |(words, is_wider): (String, bool)| is_wider.then_some(words);
        self.changes(other).into_iter().filter_map(wider).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widened_grants_are_named() {
        let before = LockedGrants { aws: vec!["sns:Publish".into()], ..LockedGrants::default() };
        let after = LockedGrants {
            aws: vec!["sns:Publish".into(), "s3:*".into()],
            images: true,
            ..LockedGrants::default()
        };
        assert_eq!(before.widened_by(&after), ["aws s3:*", "images"]);
        assert!(after.widened_by(&before).is_empty());
    }

    #[test]
    fn wider_limits_are_named() {
        let limits = |memory: u64, time_ms: u64| {
            LockedLimits::from(&Limits { memory, time_ms, ..Limits::default() })
        };
        let (usual, wide) = (limits(1 << 20, 10_000), limits(1 << 30, 20_000));
        assert!(usual.is_empty());
        let widened = ["limit time 10000 ms -> 20000 ms", "limit memory 256.0 MiB -> 1.0 GiB"];
        assert_eq!(usual.widened_by(&wide), widened);
        assert!(wide.widened_by(&usual).is_empty() && wide.changes(&usual).len() == 2);
    }
}
