//! `.dockerignore`: what of a folder stays out of a build context.
//!
//! The rules are Docker's, which are not git's: a pattern is matched from the context's root, a folder that is
//! excluded takes all that is below it along, and the last pattern that matches decides.
//! Source: <https://docs.docker.com/build/concepts/context/#dockerignore-files>.

use globset::{GlobBuilder, GlobMatcher};

/// The patterns of one file.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    matcher: GlobMatcher,
    /// Written with `!`: brings back what an earlier pattern left out.
    keeps: bool,
}

/// A line that is no pattern.
#[derive(Debug)]
pub(super) struct BadPattern {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) pattern: String,
    pub(super) reason: String,
}

impl Ignored {
    /// Reads the file's text.
    pub(super) fn parse(text: &str) -> Result<Self, BadPattern> {
        let mut rules = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (keeps, pattern) = match line.strip_prefix('!') {
                Some(pattern) => (true, pattern.trim()),
                None => (false, line),
            };
            let pattern = clean(pattern);
            if pattern.is_empty() {
                continue;
            }
            let glob = GlobBuilder::new(&pattern)
                .literal_separator(true)
                .backslash_escape(true)
                .build()
                .map_err(|error| BadPattern {
                    line: index + 1,
                    pattern: line.to_owned(),
                    reason: error.kind().to_string(),
                })?;
            rules.push(Rule { matcher: glob.compile_matcher(), keeps });
        }
        Ok(Self { rules })
    }

    /// Whether the file or folder with this path, its parts joined by `/`, stays out.
    pub(super) fn excludes(&self, path: &str) -> bool {
        let mut excluded = false;
        for rule in &self.rules {
            if excluded == rule.keeps && rule.matches(path) {
                excluded = !rule.keeps;
            }
        }
        excluded
    }

    /// Whether something below a folder that stays out may come back.
    pub(super) fn may_keep_below(&self, folder: &str) -> bool {
        // To tell exactly would take an algebra of globs; walking a folder too many costs little.
        !folder.is_empty() && self.rules.iter().any(|rule| rule.keeps)
    }
}

impl Rule {
    /// True for what the pattern names, and for all that is below it.
    fn matches(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.into_iter().any(|end| self.matcher.is_match(&path[..end]))
    }
}

/// The pattern without what says nothing: `/` at either end, `.` and empty parts, and `x/..`.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out<'a>(text: &str, paths: &[&'a str]) -> Vec<&'a str> {
        let ignored = Ignored::parse(text).unwrap();
        paths.iter().copied().filter(|path| ignored.excludes(path)).collect()
    }

    #[test]
    fn patterns_count_from_the_root_and_take_folders_along() {
        let paths = ["a.log", "sub/a.log", "target", "target/x/y", "targets", "sub/target/x"];
        assert_eq!(left_out("*.log\n/target/\n", &paths), ["a.log", "target", "target/x/y"]);
        assert_eq!(left_out("**/*.log", &paths), ["a.log", "sub/a.log"]);
        assert_eq!(left_out("**/target", &paths), ["target", "target/x/y", "sub/target/x"]);
        assert_eq!(left_out("./sub/../*.log", &paths), ["a.log"]);
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        let paths = ["a.md", "README.md", "b.rs"];
        assert_eq!(left_out("*.md\n!README.md", &paths), ["a.md"]);
        assert_eq!(left_out("*.md\n!README.md\nREADME*", &paths), ["a.md", "README.md"]);
        assert_eq!(left_out("*\n!b.rs\n# !a.md", &paths), ["a.md", "README.md"]);
    }

    #[test]
    fn what_lies_in_an_excluded_folder_can_come_back() {
        let paths = ["target", "target/release", "target/release/app", "target/debug"];
        let text = "*\n!target/release/app\n";
        assert_eq!(left_out(text, &paths), ["target", "target/release", "target/debug"]);
        assert!(Ignored::parse(text).unwrap().may_keep_below("target"));
        assert!(!Ignored::parse("*").unwrap().may_keep_below("target"));
    }

    #[test]
    fn a_bad_pattern_is_told_with_its_line() {
        let bad = Ignored::parse("ok\n\nsrc/[a\n").unwrap_err();
        assert_eq!((bad.line, bad.pattern.as_str()), (3, "src/[a"));
    }
}
