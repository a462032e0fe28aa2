//! Rules for texts that go into the template: `${…}`, ARNs and IAM actions.

use super::names::filled;
use super::problem::complaint;
use super::shape::{Text, Verdict};

/// Text for `Fn::Sub`: every `${` has a name and is closed.
pub(super) const SUB: Text =
    Text { what: "a string, which may hold `${…}`", pattern: None, check: substitution };

/// An ARN, or text for `Fn::Sub` that gives one.
pub(super) const ARN: Text = Text {
    what: "an ARN, or `${…}` that gives one",
    pattern: Some(r"^arn:|\$\{"),
    check: |text| {
        substitution(text)?;
        if text.starts_with("arn:") || text.contains("${") {
            return Ok(());
        }
        Err(complaint(
            format!("`{text}` is not an ARN"),
            format!("write `arn:…`, or `${{{text}.Arn}}` for a resource of this service"),
        ))
    },
};

/// An ARN of something that is there before the stack: no template fills it in.
pub(super) const FIXED: Text = Text {
    what: "an ARN",
    pattern: Some("^arn:[^$]+$"),
    check: |text| {
        if text.starts_with("arn:") && text.split(':').count() >= 6 && !text.contains('$') {
            return Ok(());
        }
        let hint = "write the whole ARN, such as `arn:aws:iam::123456789012:role/name`; `${…}` is filled in only in the template";
        Err(complaint(format!("`{text}` is not an ARN"), hint))
    },
};

/// A topic's ARN: `Ref` gives it, not an attribute.
pub(super) const TOPIC: Text = Text {
    what: "a topic's ARN, or `${…}` that gives one",
    pattern: ARN.pattern,
    check: |text| {
        (ARN.check)(text).map_err(|complaint| {
            let hint = format!("write `arn:…`, or `${{{text}}}` for a topic of this service");
            if complaint.message.ends_with("is not an ARN") {
                complaint.hint(hint)
            } else {
                complaint
            }
        })
    },
};

/// What a permission is for.
pub(super) const RESOURCE: Text = Text {
    what: "an ARN, `*`, or `${…}` that gives an ARN",
    pattern: Some(r"^arn:|^\*$|\$\{"),
    check: |text| if text == "*" { Ok(()) } else { (ARN.check)(text) },
};

/// An IAM action.
pub(super) const ACTION: Text = Text {
    what: "an IAM action such as `sqs:SendMessage`",
    pattern: Some(r"^\*$|^[a-z0-9-]+:[A-Za-z0-9*?]+$"),
    check: |text| {
        let fits = text == "*"
            || text.split_once(':').is_some_and(|(service, action)| {
                let service = service.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !service.is_empty();
                let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'?');
                service && !action.is_empty() && action.bytes().all(name)
            });
        if fits {
            return Ok(());
        }
        Err(complaint(format!("`{text}` is not an IAM action"), "such as `sqs:SendMessage`"))
    },
};

fn substitution(text: &str) -> Verdict {
    filled(text)?;
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        rest = &rest[start + 2..];
        let Some(end) = rest.find('}') else {
            return Err(complaint(
                format!("`{text}` has a `${{` without a `}}`"),
                "close it, or write `${!` for a `${` that is meant as text",
            ));
        };
        let name = &rest[..end];
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':');
        if !name.starts_with('!') && (name.is_empty() || !name.chars().all(known)) {
            return Err(complaint(
                format!("`${{{name}}}` names nothing in a template"),
                "write `${Name}`, `${Name.Attribute}` or `${AWS::Region}`; `${!…}` for plain text",
            ));
        }
        rest = &rest[end + 1..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &Text, value: &str) -> Result<(), String> {
        (text.check)(value).map_err(|complaint| complaint.message)
    }

    #[test]
    fn substitutions_are_closed_and_named() {
        for good in ["plain", "${A}", "a-${A.Arn}-${AWS::Region}", "${!literal}", "$ {"] {
            assert_eq!(verdict(&SUB, good), Ok(()), "{good}");
        }
        for bad in ["${", "${A", "${}", "${a b}", "${A}${B-c}"] {
            assert!(verdict(&SUB, bad).is_err(), "{bad}");
        }
    }
}
