//! Lambda's runtimes.

use super::problem::{Complaint, did_you_mean};
use super::shape::{Text, Verdict};

/// Runtimes that Lambda offers.
const RUNTIMES: &[&str] = &[
    "provided.al2023",
    "provided.al2",
    "nodejs24.x",
    "nodejs22.x",
    "nodejs20.x",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "java25",
    "java21",
    "java17",
    "java11",
    "java8.al2",
    "dotnet10",
    "dotnet8",
    "ruby3.4",
    "ruby3.3",
];

/// A Lambda runtime.
pub(super) const RUNTIME: Text = Text {
    what: "a Lambda runtime such as `provided.al2023`",
    pattern: Some(r"^(provided\.al|nodejs|python|java|dotnet|ruby)[0-9]"),
    check: runtime,
};

/// A version newer than this list passes: Lambda gains runtimes faster than this tool has releases.
fn runtime(text: &str) -> Verdict {
    if RUNTIMES.contains(&text) {
        return Ok(());
    }
    let shape = |runtime: &str| -> (String, Vec<u32>) {
        let family = runtime.chars().map(|c| if c.is_ascii_digit() { '0' } else { c });
        let mut family: String = family.collect();
        while family.contains("00") {
            family = family.replace("00", "0");
        }
        let numbers = runtime.split(|c: char| !c.is_ascii_digit());
        (family, numbers.filter_map(|number| number.parse().ok()).collect())
    };
    let (family, version) = shape(text);
    let known: Vec<_> = RUNTIMES.iter().map(|runtime| shape(runtime)).collect();
    let same = || known.iter().filter(|(other, _)| *other == family);
    if same().next().is_some() {
        if same().all(|(_, other)| *other < version) {
            return Ok(());
        }
        let newest = RUNTIMES.iter().find(|runtime| shape(runtime).0 == family);
        return Err(Complaint::from(format!("Lambda no longer offers the runtime `{text}`"))
            .hint(newest.map(|newest| format!("the newest of its kind is `{newest}`"))));
    }
    let hint = did_you_mean(text, RUNTIMES.iter().copied());
    Err(Complaint::from(format!("`{text}` is not a Lambda runtime"))
        .hint(hint.or_else(|| Some("for Rust, Go and C++ it is `provided.al2023`".into()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &Text, value: &str) -> Result<(), String> {
        (text.check)(value).map_err(|complaint| complaint.message)
    }

    #[test]
    fn runtimes_newer_than_the_list_pass_and_retired_ones_do_not() {
        for good in ["provided.al2023", "python3.12", "python3.15", "nodejs26.x", "java29"] {
            assert_eq!(verdict(&RUNTIME, good), Ok(()), "{good}");
        }
        for retired in ["python3.8", "nodejs18.x", "dotnet6"] {
            let message = verdict(&RUNTIME, retired).unwrap_err();
            assert!(message.contains("no longer"), "{message}");
        }
        for bad in ["pyton3.12", "go1.x", "provided", "", "python312"] {
            assert!(verdict(&RUNTIME, bad).is_err(), "{bad}");
        }
    }
}
