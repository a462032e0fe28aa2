//! Rules for names, identifiers, paths and patterns that a manifest may hold.

use globset::GlobBuilder;

use super::problem::complaint;
use super::shape::{Text, Verdict};

/// Any text.
pub(super) const ANY: Text = Text { what: "a string", pattern: None, check: |_| Ok(()) };

/// Text with something in it.
pub(super) const FILLED: Text = Text { what: "a string", pattern: Some(r"\S"), check: filled };

/// A short description, as Lambda takes it.
pub(super) const SHORT: Text = Text {
    what: "a string of at most 256 characters",
    pattern: None,
    check: |text| at_most(text, 256),
};

/// A template's description.
pub(super) const DESCRIPTION: Text = Text {
    what: "a string of at most 1024 bytes",
    pattern: None,
    check: |text| {
        if text.len() <= 1024 { Ok(()) } else { Err("is longer than 1024 bytes".into()) }
    },
};

/// `service.name`.
pub(super) const SERVICE: Text = Text {
    what: "a name",
    pattern: Some("^[A-Za-z][A-Za-z0-9-]{0,63}$"),
    check: |text| {
        let hint = "a letter, then letters, digits and `-`, at most 64: it begins the stack's name";
        rule(text, "a service's name", hint, 64, |c| c.is_ascii_alphanumeric() || c == '-')
    },
};

/// A stack's name.
pub(super) const STACK: Text = Text {
    what: "a stack's name",
    pattern: Some("^[A-Za-z][A-Za-z0-9-]{0,127}$"),
    check: |text| {
        let hint = "CloudFormation wants a letter, then letters, digits and `-`, at most 128";
        rule(text, "a stack's name", hint, 128, |c| c.is_ascii_alphanumeric() || c == '-')
    },
};

/// A stage's name.
pub(super) const STAGE: Text = Text {
    what: "a stage's name",
    pattern: Some("^[A-Za-z][A-Za-z0-9-]{0,31}$"),
    check: |text| {
        let hint = "a letter, then letters, digits and `-`, at most 32: it ends the stack's name";
        rule(text, "a stage's name", hint, 32, |c| c.is_ascii_alphanumeric() || c == '-')
    },
};

/// A function's name.
pub(super) const FUNCTION: Text = Text {
    what: "a function's name",
    pattern: Some("^[A-Za-z][A-Za-z0-9_-]{0,63}$"),
    check: |text| {
        let hint = "a letter, then letters, digits, `-` and `_`, at most 64";
        rule(text, "a function's name", hint, 64, is_word)
    },
};

/// A plugin's name.
pub(super) const PLUGIN: Text = Text {
    what: "a plugin's name",
    pattern: Some("^[A-Za-z][A-Za-z0-9_-]{0,63}$"),
    check: |text| {
        let hint = "a letter, then letters, digits, `-` and `_`, at most 64";
        rule(text, "a plugin's name", hint, 64, is_word)
    },
};

/// A logical id of CloudFormation.
pub(super) const LOGICAL_ID: Text = Text {
    what: "a logical id",
    pattern: Some("^[A-Za-z0-9]{1,255}$"),
    check: |text| {
        if !text.is_empty() && text.len() <= 255 && text.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Ok(());
        }
        Err(complaint(
            format!("`{text}` is not a logical id"),
            "CloudFormation wants letters and digits only, at most 255",
        ))
    },
};

/// An AWS region.
pub(super) const REGION: Text = Text {
    what: "an AWS region",
    pattern: Some("^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$"),
    check: region,
};

/// An AWS account.
pub(super) const ACCOUNT: Text = Text {
    what: "the 12 digits of an AWS account",
    pattern: Some("^[0-9]{12}$"),
    check: |text| {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(())
        } else {
            Err(complaint(format!("`{text}` is not an AWS account"), "an account has 12 digits"))
        }
    },
};

/// A bucket of S3.
pub(super) const BUCKET: Text = Text {
    what: "a bucket's name",
    pattern: Some("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$"),
    check: |text| {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let fits = (3..=63).contains(&text.len())
            && text.starts_with(edge)
            && text.ends_with(edge)
            && text.chars().all(|c| edge(c) || c == '-');
        if fits {
            return Ok(());
        }
        // S3 also takes dots, but a name with dots has no certificate.
        let hint =
            "3 to 63 lower case letters, digits and `-`, with a letter or digit at both ends";
        Err(complaint(format!("`{text}` cannot be a bucket's name"), hint))
    },
};

/// A tag's key.
pub(super) const TAG_KEY: Text = Text {
    what: "a tag's key",
    pattern: None,
    check: |text| {
        if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            let hint = "AWS keeps keys that begin with `aws:` for itself";
            return Err(complaint(format!("`{text}` cannot be a tag's key"), hint));
        }
        filled(text)?;
        at_most(text, 128)
    },
};

/// A tag's value.
pub(super) const TAG_VALUE: Text = Text {
    what: "a string of at most 256 characters",
    pattern: None,
    check: |text| at_most(text, 256),
};

/// Name of an environment variable of a build.
pub(super) const BUILD_VARIABLE: Text = Text {
    what: "a variable's name",
    pattern: Some("^[A-Za-z_][A-Za-z0-9_]*$"),
    check: |text| {
        let start = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if start && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Ok(());
        }
        let hint = "letters, digits and `_`, not a digit first";
        Err(complaint(format!("`{text}` cannot be the name of a variable"), hint))
    },
};

/// Name of an environment variable of a function.
pub(super) const VARIABLE: Text =
    Text { what: "a variable's name", pattern: Some("^[A-Za-z][A-Za-z0-9_]+$"), check: variable };

/// A path inside the service's folder.
pub(super) const PATH: Text =
    Text { what: "a path inside the service's folder", pattern: Some(r"^[^/\\]"), check: path };

/// A glob below the service's folder.
pub(super) const GLOB: Text = Text {
    what: "a glob below the service's folder",
    pattern: Some(r"^[^/\\]"),
    check: |text| {
        path(text)?;
        glob(text)
    },
};

/// A pattern in the syntax of `.gitignore`.
pub(super) const IGNORE: Text = Text {
    what: "a pattern as in `.gitignore`",
    pattern: Some(r"\S"),
    check: |text| {
        filled(text)?;
        glob(text.trim_start_matches('!').trim_matches('/'))
    },
};

/// A name or glob of environment variables.
pub(super) const VARIABLE_GLOB: Text = Text {
    what: "a variable's name, or a glob such as `CI_*`",
    pattern: Some(r"^\S+$"),
    check: |text| {
        filled(text)?;
        glob(text)
    },
};

/// A function's logical id: the name's words, each with a capital, joined.
pub(super) fn logical_id(name: &str) -> String {
    let mut id = String::with_capacity(name.len());
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    id
}

/// Compiles a glob whose `*` stays within one folder.
pub(super) fn compile_glob(pattern: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}

pub(super) fn filled(text: &str) -> Verdict {
    if text.trim().is_empty() { Err("must not be empty".into()) } else { Ok(()) }
}

fn at_most(text: &str, max: usize) -> Verdict {
    match text.chars().count() {
        count if count > max => Err(format!("is longer than {max} characters").into()),
        _ => Ok(()),
    }
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '_')
}

fn rule(text: &str, what: &str, hint: &str, max: usize, allowed: fn(char) -> bool) -> Verdict {
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if start && text.len() <= max && text.chars().all(allowed) {
        Ok(())
    } else {
        Err(complaint(format!("`{text}` cannot be {what}"), hint))
    }
}

fn region(text: &str) -> Verdict {
    let parts: Vec<_> = text.split('-').collect();
    let fits = match parts.split_last() {
        Some((number, words)) => {
            words.len() >= 2
                && words[0].len() >= 2
                && words.iter().all(|word| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
                })
                && matches!(number.len(), 1 | 2)
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        None => false,
    };
    if fits {
        return Ok(());
    }
    Err(complaint(format!("`{text}` is not an AWS region"), "a region looks like `eu-central-1`"))
}

/// What Lambda sets itself, or refuses.
const RESERVED: &[&str] = &[
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

fn variable(text: &str) -> Verdict {
    if RESERVED.contains(&text) {
        let hint = "Lambda sets this variable itself; choose another name";
        return Err(complaint(format!("`{text}` is reserved by Lambda"), hint));
    }
    let start = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if start && text.len() >= 2 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Ok(());
    }
    let hint = "Lambda wants a letter, then letters, digits and `_`, at least two in all";
    Err(complaint(format!("`{text}` cannot be the name of a variable"), hint))
}

fn path(text: &str) -> Verdict {
    filled(text)?;
    let hint = "name a path inside the service's folder, with `/` between its parts";
    if text.contains('\\') || text.contains('\0') {
        return Err(complaint(format!("`{}` is not a portable path", text.escape_debug()), hint));
    }
    let mut depth = 0_i32;
    for part in text.split('/') {
        match part {
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
        if depth < 0 {
            return Err(complaint(format!("`{text}` leaves the service's folder"), hint));
        }
    }
    if text.starts_with('/') {
        return Err(complaint(format!("`{text}` is an absolute path"), hint));
    }
    Ok(())
}

fn glob(text: &str) -> Verdict {
    match compile_glob(text) {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("`{text}` is not a glob: {}", error.kind()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &Text, value: &str) -> Result<(), String> {
        (text.check)(value).map_err(|complaint| complaint.message)
    }

    #[test]
    fn logical_ids_are_words_with_capitals() {
        assert_eq!(logical_id("hello"), "Hello");
        assert_eq!(logical_id("sendMail"), "SendMail");
        assert_eq!(logical_id("send-mail_v2"), "SendMailV2");
    }

    #[test]
    fn regions_look_like_regions() {
        for good in ["eu-central-1", "us-gov-west-1", "ap-southeast-10", "eusc-de-east-1"] {
            assert_eq!(verdict(&REGION, good), Ok(()), "{good}");
        }
        for bad in
            ["", "eu", "eu-central", "EU-central-1", "eu-central-1a", "eu--central-1", "-a-1"]
        {
            assert!(verdict(&REGION, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_stay_inside() {
        for good in ["a", "a/b", "./a", "a/../b", "target/x.zip"] {
            assert_eq!(verdict(&PATH, good), Ok(()), "{good}");
        }
        for bad in ["", "/a", "..", "a/../../b", "a\\b", "\0"] {
            assert!(verdict(&PATH, bad).is_err(), "{bad}");
        }
    }
}
