//! Which version of a plugin a requirement takes.

use semver::{Version, VersionReq};

/// The newest of `tags` that the requirement takes, as it is tagged. Tags that are no versions do not count;
/// pre-releases only when the requirement names one.
pub fn choose<'a>(requirement: &VersionReq, tags: &'a [String]) -> Option<(Version, &'a str)> {
    let versions = versions(tags);
    versions.filter(|(version, _)| requirement.matches(version)).max_by(|a, b| a.0.cmp(&b.0))
}

/// The newest release among `tags`.
pub fn newest(tags: &[String]) -> Option<(Version, &str)> {
    versions(tags).filter(|(version, _)| version.pre.is_empty()).max_by(|a, b| a.0.cmp(&b.0))
}

fn versions(tags: &[String]) -> impl Iterator<Item = (Version, &str)> {
    // `v1.2.3` is how some teams tag.
    let parse = |tag: &str| Version::parse(tag.strip_prefix('v').unwrap_or(tag)).ok();
    tags.iter().filter_map(move |tag| Some((parse(tag)?, tag.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(requirement: &str) -> Option<String> {
        let tags = ["1.2.0", "1.10.0", "v1.3.0", "2.0.0-rc.1", "latest", "sha256-0a.sig", "0.9.9"];
        let tags = tags.map(str::to_owned);
        let requirement = VersionReq::parse(requirement).unwrap();
        choose(&requirement, &tags).map(|(version, tag)| format!("{version} {tag}"))
    }

    #[test]
    fn the_newest_that_fits_is_taken() {
        assert_eq!(chosen("^1.2").unwrap(), "1.10.0 1.10.0");
        assert_eq!(chosen("~1.3").unwrap(), "1.3.0 v1.3.0");
        assert_eq!(chosen("=0.9.9").unwrap(), "0.9.9 0.9.9");
        assert_eq!(chosen("^3"), None);
    }

    #[test]
    fn pre_releases_are_taken_only_when_they_are_named() {
        assert_eq!(chosen(">=1.2").unwrap(), "1.10.0 1.10.0");
        assert_eq!(chosen("=2.0.0-rc.1").unwrap(), "2.0.0-rc.1 2.0.0-rc.1");
        assert_eq!(newest(&["1.0.0".into(), "2.0.0-a".into()]).unwrap().1, "1.0.0");
    }
}
