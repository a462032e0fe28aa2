//! Fills in the files of a new project.
//!
//! `{{key}}` is a value. Lines between `{{#a b}}` and `{{/}}`, each on a line of its own, stay when the project has
//! the hook `a` or `b`, or is in that language.

/// Fills a text in. Each key has its value.
pub(super) fn fill(text: &str, values: &[(&str, &str)], has: impl Fn(&str) -> bool) -> String {
    let (mut filled, mut keep) = (String::with_capacity(text.len()), true);
    for line in text.split_inclusive('\n') {
        let word = line.trim();
        if let Some(hooks) = word.strip_prefix("{{#").and_then(|rest| rest.strip_suffix("}}")) {
            keep = hooks.split(' ').any(&has);
        } else if word == "{{/}}" {
            keep = true;
        } else if keep {
            filled.push_str(line);
        }
    }
    for (key, value) in values {
        filled = filled.replace(&format!("{{{{{key}}}}}"), value);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_filled_in_and_parts_stay_for_their_hooks() {
        let text = "{{name}}\n{{#a b}}\none\n{{/}}\n{{#c}}\ntwo {{name}}\n{{/}}\nend\n";
        assert_eq!(fill(text, &[("name", "x")], |hook| hook == "b"), "x\none\nend\n");
        assert_eq!(fill(text, &[("name", "x")], |hook| hook == "c"), "x\ntwo x\nend\n");
    }
}
