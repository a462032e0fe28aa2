//! Makes the page of stack states, `docs/states.md`, from the rules that the program goes by.

use std::fmt::Write as _;

use aws_sdk_cloudformation::types::StackStatus;
use phalanx::cloud::{Rule, rule};

use crate::support::golden;

/// The name of a rule on the page.
fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Create => "create",
        Rule::Update => "update",
        Rule::Recreate => "create again",
        Rule::Busy => "busy",
        Rule::Recover => "recover",
        Rule::FinishDelete => "finish the deletion",
    }
}

#[test]
fn the_page_of_states() {
    let mut page = INTRODUCTION.to_owned();
    let mut states: Vec<&str> = StackStatus::values().to_vec();
    states.sort_unstable();
    let mut row = |shown: &str, status: Option<&str>| {
        writeln!(page, "| {shown} | {} |", name(rule(status))).unwrap();
    };
    row("no stack", None);
    for state in states {
        row(&format!("`{state}`"), Some(state));
    }
    row("one that is not known yet", Some("SOMETHING_NEW"));
    page.push_str(RULES);
    golden::assert_file("docs/states.md", &page);
}

const INTRODUCTION: &str = "# States of a stack

Made by `tests/aws/rules.rs` from the rules in `host/src/cloud/state.rs`. `tests/aws/states.rs` and
`tests/aws/busy.rs` bring real stacks into these states and have the whole messages.

| the stack is | rule |
|---|---|
";

const RULES: &str = "
## What the commands do

| rule | `deploy` and `rollback` | `delete` |
|---|---|---|
| create | create the stack | removes a change set that was never executed, or says that there is no stack |
| update | update it. No changes is a success, but never of a stack that is `UPDATE_FAILED` | deletes it |
| create again | say why its creation failed and which resources stay, delete it, and create it again | deletes it |
| busy | follow what an earlier run of the same caller began, or with `--wait` anyone's, to its end, and go on; else stop, and say who is at it since when | the same; a deletion is followed as if it were its own |
| recover | stop: `phalanx recover` continues the rollback. What a failed import left must be put right by hand | deletes it |
| finish the deletion | stop: `phalanx delete` comes first | tries again; `--retain` leaves behind what cannot be deleted |

`delete` refuses a stack that is protected, and one with an export that another stack imports; both stay
as they are. `plan` and `status` change nothing. `recover` continues a rollback that failed, and does
nothing in any other state; `--skip` leaves out a resource that cannot be put back.
";
