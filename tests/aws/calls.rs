//! How many calls a command makes: each is a round trip, and a quota is shared by a whole account.

use super::orders;
use super::thing::things;
use crate::support::{Account, Scripted};

#[test]
fn a_deployment_without_changes_makes_few_calls() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), orders());
    server.phalanx(&project, "deploy").succeeds();
    server.forget_calls();
    server.phalanx(&project, "deploy").succeeds();
    insta::assert_snapshot!(format!("{:#?}", server.counts()), @r#"
    {
        "DescribeStacks": 2,
        "GetCallerIdentity": 1,
        "GetObject": 1,
        "GetTemplate": 1,
        "ListStackResources": 1,
    }
    "#);
}

#[test]
fn the_events_are_not_asked_for_more_often_than_every_two_seconds() {
    let Some(account) = Account::new() else { return };
    let (server, project) = (Scripted::before(&account), things(&account, "slow"));
    server.phalanx(&project, "deploy").succeeds();
    let calls = server.calls();
    let times: Vec<_> = calls
        .iter()
        .filter(|call| call.operation == "DescribeStackEvents")
        .map(|call| call.at)
        .collect();
    assert!(times.len() >= 2, "a creation of three seconds: {times:?}");
    for pair in times.windows(2) {
        let pause = pair[1] - pair[0];
        assert!(pause.as_millis() >= 2_000, "{pause:?}");
    }
}
