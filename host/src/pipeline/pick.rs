//! Which deployment a rollback goes back to.

use super::history::{Entry, short};
use crate::cloud::archive::Deployment;
use crate::hint::{Explain, Kind, nearest};

/// So many digits of a build id are the least that name it.
const LEAST: usize = 4;
/// So many builds are listed in a hint.
const LISTED: usize = 10;

/// The newest deployment of the build whose id begins with `wanted`; without, the last of another build
/// than the live one. `entries` are newest first. When functions run other code than the live one, which
/// its stack is `behind`, that itself is what can be gone back to.
pub(super) fn pick<'a>(
    stack: &str,
    entries: &'a [Entry],
    wanted: Option<&str>,
    behind: bool,
) -> Result<&'a Deployment, PickError> {
    let live = entries.iter().position(|entry| entry.live && !behind);
    let live_id = live.map(|index| entries[index].deployment.build_id.as_str());
    let builds: Vec<&str> = builds(entries);
    let Some(wanted) = wanted else {
        let older = entries.iter().skip(live.map_or(0, |index| index + 1));
        let mut others = older
            .map(|entry| &entry.deployment)
            .filter(|one| !one.build_id.is_empty() && Some(one.build_id.as_str()) != live_id);
        return others.next().ok_or_else(|| PickError::NothingBefore { stack: stack.to_owned() });
    };
    let digits = wanted.to_ascii_lowercase();
    if digits.len() < LEAST || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(PickError::NoId { wanted: wanted.to_owned() });
    }
    let matching: Vec<&str> =
        builds.iter().copied().filter(|build| build.starts_with(&digits)).collect();
    let listed = |builds: &[&str]| builds.iter().map(|id| short(id).to_owned()).collect();
    match matching.as_slice() {
        [] => Err(PickError::Unknown {
            stack: stack.to_owned(),
            wanted: wanted.to_owned(),
            near: nearest(short(&digits), builds.iter().map(|id| short(id))).map(str::to_owned),
            builds: listed(&builds),
        }),
        [one] if Some(*one) == live_id => {
            Err(PickError::Live { stack: stack.to_owned(), build: short(one).to_owned() })
        }
        [one] => {
            let newest = entries.iter().find(|entry| entry.deployment.build_id == *one);
            Ok(&newest.expect("the builds are those of the entries").deployment)
        }
        several => Err(PickError::Ambiguous { wanted: wanted.to_owned(), builds: listed(several) }),
    }
}

/// The ids of all builds, each once, newest first.
fn builds(entries: &[Entry]) -> Vec<&str> {
    let mut builds = Vec::new();
    for entry in entries {
        let id = entry.deployment.build_id.as_str();
        if !id.is_empty() && !builds.contains(&id) {
            builds.push(id);
        }
    }
    builds
}

/// There is no build to go back to.
#[derive(Debug, thiserror::Error)]
pub enum PickError {
    /// What was given is no beginning of an id.
    #[error("`{}` is not the id of a build", crate::text::safe_line(wanted))]
    NoId {
        /// What was given.
        wanted: String,
    },
    /// No build of the history has this id.
    #[error("the history of stack `{stack}` has no build `{wanted}`")]
    Unknown {
        /// The stack.
        stack: String,
        /// What was given.
        wanted: String,
        /// The build with the most similar id.
        near: Option<String>,
        /// What there is.
        builds: Vec<String>,
    },
    /// Several builds have ids that begin so.
    #[error("several builds have an id that begins with `{wanted}`")]
    Ambiguous {
        /// What was given.
        wanted: String,
        /// The builds.
        builds: Vec<String>,
    },
    /// The build is the one that is live.
    #[error("build {build} is what stack `{stack}` runs already; nothing was changed")]
    Live {
        /// The stack.
        stack: String,
        /// The build.
        build: String,
    },
    /// There is only one build.
    #[error("the history of stack `{stack}` has no build before the live one")]
    NothingBefore {
        /// The stack.
        stack: String,
    },
}

impl Explain for PickError {
    fn kind(&self) -> Kind {
        Kind::BadInput
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoId { .. } => "bad-build-id",
            Self::Unknown { .. } => "no-such-build",
            Self::Ambiguous { .. } => "ambiguous-build",
            Self::Live { .. } => "build-is-live",
            Self::NothingBefore { .. } => "no-build-before",
        }
    }

    fn hints(&self) -> Vec<String> {
        let list = |builds: &[String]| match builds.split_at_checked(LISTED) {
            Some((first, rest)) if !rest.is_empty() => {
                format!("{}, and {} older", first.join(", "), rest.len())
            }
            _ => builds.join(", "),
        };
        match self {
            Self::NoId { .. } => {
                vec![format!("give at least {LEAST} digits of an id that `phalanx history` shows")]
            }
            Self::Unknown { builds, .. } if builds.is_empty() => {
                vec!["nothing that Phalanx has deployed is remembered; run `phalanx deploy`".into()]
            }
            Self::Unknown { near, builds, .. } => {
                let mut hints =
                    Vec::from_iter(near.as_ref().map(|near| format!("did you mean `{near}`?")));
                hints.push(format!("its builds are {}", list(builds)));
                hints
            }
            Self::Ambiguous { builds, .. } => {
                vec![format!("give more digits of one of them: {}", list(builds))]
            }
            Self::Live { .. } | Self::NothingBefore { .. } => {
                vec!["`phalanx history` shows the builds that can be brought back".into()]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::cloud::archive::Deed;
    use crate::digest::Digest;

    /// A history of builds whose ids begin so, newest first; `live` is the place of the live one.
    fn history(ids: &[&str], live: Option<usize>) -> Vec<Entry> {
        let entry = |(index, id): (usize, &&str)| Entry {
            live: live == Some(index),
            deployment: Deployment {
                stack: "s".into(),
                build_id: format!("{id:0<64}"),
                when: SystemTime::UNIX_EPOCH,
                change: Deed::Updated,
                template: Digest::of(format!("{index}")),
                artifacts: Vec::new(),
                parameters: Default::default(),
                tags: Default::default(),
                account: String::new(),
                by: None,
            },
        };
        ids.iter().enumerate().map(entry).collect()
    }

    fn picked(entries: &[Entry], wanted: Option<&str>) -> String {
        match pick("s", entries, wanted, false) {
            Ok(deployment) => deployment.build_id.trim_end_matches('0').to_owned(),
            Err(error) => {
                error.hints().iter().fold(error.to_string(), |all, hint| all + "; " + hint)
            }
        }
    }

    #[test]
    fn the_build_before_the_live_one() {
        assert_eq!(picked(&history(&["cccc", "bbbb", "aaaa"], Some(0)), None), "bbbb");
        // After a failed record, or a build that was deployed twice.
        assert_eq!(picked(&history(&["cccc", "cccc", "bbbb"], Some(0)), None), "bbbb");
        assert_eq!(picked(&history(&["cccc", "bbbb", "aaaa"], Some(1)), None), "aaaa");
        assert_eq!(picked(&history(&["cccc", "bbbb"], None), None), "cccc");
        assert_eq!(
            picked(&history(&["cccc"], Some(0)), None),
            "the history of stack `s` has no build before the live one; `phalanx history` shows the builds that can be brought back"
        );
    }

    #[test]
    fn the_build_that_functions_have_left_alone() {
        let entries = history(&["cccc", "bbbb"], Some(0));
        for wanted in [None, Some("cccc")] {
            let deployment = pick("s", &entries, wanted, true).unwrap();
            assert!(deployment.build_id.starts_with("cccc"));
        }
    }

    #[test]
    fn a_build_by_the_beginning_of_its_id() {
        let entries = history(&["cccc1", "bbbb2", "bbbb3", "bbbb2"], Some(0));
        assert_eq!(picked(&entries, Some("bbbb2")), "bbbb2");
        assert_eq!(picked(&entries, Some("BBBB3")), "bbbb3");
        insta::assert_snapshot!(picked(&entries, Some("bbbb")), @"several builds have an id that begins with `bbbb`; give more digits of one of them: bbbb20000000, bbbb30000000");
        insta::assert_snapshot!(picked(&entries, Some("cccc")), @"build cccc10000000 is what stack `s` runs already; nothing was changed; `phalanx history` shows the builds that can be brought back");
        insta::assert_snapshot!(picked(&entries, Some("bbb")), @"`bbb` is not the id of a build; give at least 4 digits of an id that `phalanx history` shows");
        insta::assert_snapshot!(picked(&entries, Some("cccd1000")), @"the history of stack `s` has no build `cccd1000`; did you mean `cccc10000000`?; its builds are cccc10000000, bbbb20000000, bbbb30000000");
        insta::assert_snapshot!(picked(&[], Some("cccc1000")), @"the history of stack `s` has no build `cccc1000`; nothing that Phalanx has deployed is remembered; run `phalanx deploy`");
    }
}
