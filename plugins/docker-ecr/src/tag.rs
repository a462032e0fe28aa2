//! The tag of an image, made from a template.

use phalanx_plugin::{Failure, Result, run};

/// One tag for each content in each stage: a rollback of one stage takes nothing from another.
pub(crate) const DEFAULT: &str = "{service}-{stage}-{fingerprint}";

const FINGERPRINT: &str = "{fingerprint}";
/// Digits of the fingerprint: 80 bits tell any two images of a service apart.
const DIGITS: usize = 20;

/// Makes sure that the template's placeholders are known and that its tags differ with the image.
pub(crate) fn check(template: &str) -> Result {
    let rest = template.replace(FINGERPRINT, "").replace("{service}", "").replace("{stage}", "");
    if rest.contains(['{', '}']) {
        let message = format!("`tag` is `{template}`, which has a placeholder that is not known");
        let hint = "the placeholders are `{service}`, `{stage}` and `{fingerprint}`";
        return Err(Failure::new("bad-tag", message).with_hint(hint));
    }
    if template.matches(FINGERPRINT).count() != 1 {
        let message = format!("`tag` is `{template}`, which does not differ from image to image");
        let hint = "put `{fingerprint}` into it once: without it, CloudFormation would not see that the image has changed";
        return Err(Failure::new("bad-tag", message).with_hint(hint));
    }
    Ok(())
}

/// The tag of the image with this fingerprint.
pub(crate) fn fill(template: &str, fingerprint: &str) -> String {
    let short = fingerprint.get(..DIGITS).unwrap_or(fingerprint);
    names(template).replace(FINGERPRINT, short)
}

/// Whether the template could have made this tag in this stage.
pub(crate) fn is_ours(template: &str, tag: &str) -> bool {
    let names = names(template);
    let Some((front, back)) = names.split_once(FINGERPRINT) else { return false };
    let middle = tag.strip_prefix(front).and_then(|rest| rest.strip_suffix(back));
    middle.is_some_and(|middle| {
        middle.len() == DIGITS && middle.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn names(template: &str) -> String {
    template.replace("{service}", &run::service()).replace("{stage}", &run::stage())
}
