//! Every state of a stack has one rule: what a deployment does with it.

/// What a deployment does with a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Nothing is there: create it.
    Create,
    /// It is as some deployment left it: update it.
    Update,
    /// Its creation failed and nothing ever ran from it: delete it, then create it.
    Recreate,
    /// Something works on it: stop, and say so.
    Busy,
    /// Its update could not be undone: someone must continue the rollback first.
    Recover,
    /// Its deletion failed: it must be deleted again first.
    FinishDelete,
}

/// The rule of a CloudFormation stack status, none for no stack. A status that this version does not
/// know is `Busy`: it is left alone.
///
/// The list is that of the CloudFormation API reference, data type `Stack`, field `StackStatus`.
pub fn rule(status: Option<&str>) -> Rule {
    match status {
        // A stack in review has a change set and no resources yet.
        None | Some("REVIEW_IN_PROGRESS" | "DELETE_COMPLETE") => Rule::Create,
        Some(
            "CREATE_COMPLETE"
            | "UPDATE_COMPLETE"
            | "UPDATE_FAILED"
            | "UPDATE_ROLLBACK_COMPLETE"
            | "IMPORT_COMPLETE"
            | "IMPORT_ROLLBACK_COMPLETE",
        ) => Rule::Update,
        Some("CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED") => Rule::Recreate,
        Some("UPDATE_ROLLBACK_FAILED" | "IMPORT_ROLLBACK_FAILED") => Rule::Recover,
        Some("DELETE_FAILED") => Rule::FinishDelete,
        Some(_) => Rule::Busy,
    }
}

/// True when nothing works on a stack of this status any more.
pub(super) fn is_at_rest(status: &str) -> bool {
    !status.ends_with("_IN_PROGRESS")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudformation::types::StackStatus;

    #[test]
    fn every_state_has_a_rule() {
        let mut rules: Vec<String> = StackStatus::values()
            .iter()
            .map(|status| format!("{status} {:?}", rule(Some(status))))
            .collect();
        rules.sort();
        insta::assert_snapshot!(rules.join("\n"), @r#"
        CREATE_COMPLETE Update
        CREATE_FAILED Recreate
        CREATE_IN_PROGRESS Busy
        DELETE_COMPLETE Create
        DELETE_FAILED FinishDelete
        DELETE_IN_PROGRESS Busy
        IMPORT_COMPLETE Update
        IMPORT_IN_PROGRESS Busy
        IMPORT_ROLLBACK_COMPLETE Update
        IMPORT_ROLLBACK_FAILED Recover
        IMPORT_ROLLBACK_IN_PROGRESS Busy
        REVIEW_IN_PROGRESS Create
        ROLLBACK_COMPLETE Recreate
        ROLLBACK_FAILED Recreate
        ROLLBACK_IN_PROGRESS Busy
        UPDATE_COMPLETE Update
        UPDATE_COMPLETE_CLEANUP_IN_PROGRESS Busy
        UPDATE_FAILED Update
        UPDATE_IN_PROGRESS Busy
        UPDATE_ROLLBACK_COMPLETE Update
        UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS Busy
        UPDATE_ROLLBACK_FAILED Recover
        UPDATE_ROLLBACK_IN_PROGRESS Busy
        "#);
        assert_eq!(rule(None), Rule::Create);
        assert_eq!(rule(Some("SOMETHING_NEW")), Rule::Busy);
    }
}
