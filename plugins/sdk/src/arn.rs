//! ARNs that are right in every partition: `arn:${AWS::Partition}:…`, never `arn:aws:…`.
//!
//! Each function gives the text for `Fn::Sub`; what is given to it may itself hold `${…}`.
//! [`value`](crate::intrinsics::value) makes a value of it.

/// An ARN in this stack's region and account: `arn::regional("ecs", "cluster/${Cluster}")`.
///
/// ```
/// use phalanx_plugin::arn;
///
/// assert_eq!(
///     arn::regional("sqs", "orders"),
///     "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"
/// );
/// ```
#[must_use]
pub fn regional(service: &str, resource: &str) -> String {
    full(service, "${AWS::Region}", "${AWS::AccountId}", resource)
}

/// An ARN in this stack's account that has no region: `arn::global("iam", "role/deployer")`.
#[must_use]
pub fn global(service: &str, resource: &str) -> String {
    full(service, "", "${AWS::AccountId}", resource)
}

/// An ARN with neither region nor account: `arn::unowned("s3", "orders/*")`.
#[must_use]
pub fn unowned(service: &str, resource: &str) -> String {
    full(service, "", "", resource)
}

/// An ARN in any region and account.
#[must_use]
pub fn full(service: &str, region: &str, account: &str, resource: &str) -> String {
    format!("arn:${{AWS::Partition}}:{service}:{region}:{account}:{resource}")
}

/// An ARN, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `sqs`
    pub service: &'a str,
    /// `eu-central-1`; empty where there is none.
    pub region: &'a str,
    /// `123456789012`; empty where there is none.
    pub account: &'a str,
    /// All the rest: `queue`, `role/name`, `secret:name:key`.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads `text`; none when it is no ARN. Any part may hold `${AWS::Region}` and the like: a `:`
    /// inside `${…}` separates nothing.
    ///
    /// ```
    /// use phalanx_plugin::arn::Arn;
    ///
    /// let arn = Arn::parse("arn:${AWS::Partition}:ecs:${AWS::Region}:1:cluster/jobs").unwrap();
    /// assert_eq!((arn.service, arn.region, arn.resource), ("ecs", "${AWS::Region}", "cluster/jobs"));
    /// assert_eq!(Arn::parse("jobs"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let ["arn", partition, service, region, account, resource] = fields(text, 6)[..] else {
            return None;
        };
        Some(Self { partition, service, region, account, resource })
    }
}

/// `text` between its `:`, where one inside `${…}` separates nothing; the last field has the rest.
///
/// ```
/// assert_eq!(phalanx_plugin::arn::fields("a:${AWS::Region}:c:d", 3), ["a", "${AWS::Region}", "c:d"]);
/// ```
#[must_use]
pub fn fields(text: &str, at_most: usize) -> Vec<&str> {
    let mut fields = Vec::new();
    let (mut start, mut depth) = (0, 0_usize);
    for (position, character) in text.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 && fields.len() + 1 < at_most => {
                fields.push(&text[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    fields.push(&text[start..]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_a_service_has_not_are_empty() {
        assert_eq!(unowned("s3", "orders/*"), "arn:${AWS::Partition}:s3:::orders/*");
        assert_eq!(global("iam", "role/x"), "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x");
    }

    #[test]
    fn what_is_made_is_read_again() {
        let text = regional("secretsmanager", "secret:db-Ab12Cd:password::");
        let arn = Arn::parse(&text).unwrap();
        assert_eq!(arn.partition, "${AWS::Partition}");
        assert_eq!(arn.account, "${AWS::AccountId}");
        assert_eq!(fields(arn.resource, 3), ["secret", "db-Ab12Cd", "password::"]);
        assert_eq!(Arn::parse("arn:aws:s3"), None);
    }
}
