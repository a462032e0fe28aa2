//! What registries and engines take as names.

use super::ImageError;

/// What a part of a repository's name may hold beside lower-case letters and digits.
const SEPARATORS: [char; 3] = ['.', '_', '-'];
/// Operating systems that containers are built for.
const SYSTEMS: [&str; 2] = ["linux", "windows"];

/// Checks a repository's name.
///
/// # Errors
/// When ECR would refuse it.
pub fn check_repository(name: &str) -> Result<(), ImageError> {
    match wrong_repository(name) {
        Some(reason) => Err(ImageError::BadRepository { name: name.to_owned(), reason }),
        None => Ok(()),
    }
}

/// Checks the platform that an image is built for, if one is named.
///
/// # Errors
/// When no engine knows such a platform.
pub fn check_platform(platform: Option<&str>) -> Result<(), ImageError> {
    match platform {
        Some(platform) if !is_platform(platform) => {
            Err(ImageError::BadPlatform { platform: platform.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Checks a tag.
///
/// # Errors
/// When registries would refuse it.
pub(super) fn check_tag(tag: &str) -> Result<(), ImageError> {
    // The OCI distribution specification: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let fits = (1..=128).contains(&tag.len())
        && tag.bytes().next().is_some_and(word)
        && tag.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'));
    if fits { Ok(()) } else { Err(ImageError::BadTag { tag: tag.to_owned() }) }
}

/// Why ECR would refuse the name.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>.
fn wrong_repository(name: &str) -> Option<String> {
    if !(2..=256).contains(&name.len()) {
        return Some("it must have 2 to 256 characters".into());
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || SEPARATORS.contains(&c);
    if let Some(bad) = name.chars().find(|c| !allowed(*c) && *c != '/') {
        let bad = bad.escape_default();
        return Some(format!(
            "`{bad}` is not allowed: lower-case letters, digits, `.`, `_`, `-` and `/`"
        ));
    }
    let ends_well = |part: &str| {
        !part.is_empty() && !part.starts_with(SEPARATORS) && !part.ends_with(SEPARATORS)
    };
    if !name.split('/').all(ends_well) {
        return Some("each part between `/` must begin and end with a letter or digit".into());
    }
    None
}

/// `os/architecture`, or `os/architecture/variant`.
fn is_platform(platform: &str) -> bool {
    let parts: Vec<&str> = platform.split('/').collect();
    let word = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    (2..=3).contains(&parts.len()) && SYSTEMS.contains(&parts[0]) && parts.iter().all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_named_as_ecr_wants() {
        for good in ["orders", "team/orders-2", "a.b_c/d"] {
            check_repository(good).unwrap();
        }
        let wrong = |name: &str| check_repository(name).unwrap_err().to_string();
        insta::assert_snapshot!(wrong("Orders"), @"`Orders` is no name of an ECR repository: `O` is not allowed: lower-case letters, digits, `.`, `_`, `-` and `/`");
        insta::assert_snapshot!(wrong("x"), @"`x` is no name of an ECR repository: it must have 2 to 256 characters");
        insta::assert_snapshot!(wrong("a//b"), @"`a//b` is no name of an ECR repository: each part between `/` must begin and end with a letter or digit");
    }

    #[test]
    fn platforms_and_tags_have_their_forms() {
        for good in ["linux/amd64", "linux/arm64", "linux/arm/v7"] {
            check_platform(Some(good)).unwrap();
        }
        for bad in ["amd64", "linux", "linux/", "plan9/amd64", "linux/AMD64", "linux/arm/v7/x"] {
            assert!(check_platform(Some(bad)).is_err(), "{bad}");
        }
        for good in ["latest", "_x", "orders-1.2.3"] {
            check_tag(good).unwrap();
        }
        for bad in ["", "-x", ".x", "a b", "a/b", &"x".repeat(129)] {
            assert!(check_tag(bad).is_err(), "{bad}");
        }
    }
}
