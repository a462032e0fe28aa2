//! A service's life on AWS, told by its commands, and what must hold after each of them however it was
//! disturbed.

use serde_json::json;

use super::{cloudformation, elements, open_change_sets, stacks, status};
use crate::support::{Account, Project, change};

/// A service's life. What a command makes of the stack follows from the ones before it.
pub(super) const LIFE: [Command; 4] =
    [Command::Create, Command::Update, Command::Repeat, Command::Delete];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Create,
    Update,
    Repeat,
    Delete,
}

impl Command {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            _ => "deploy",
        }
    }

    /// What the user does before the command.
    pub(super) fn prepare(self, project: &Project) {
        if self == Self::Update {
            project.write("app/bootstrap", "#!/bin/sh\necho good day\n");
            change(project, "VisibilityTimeout = 30", "VisibilityTimeout = 60");
        }
    }

    /// Fails unless everything is as it should be after it.
    pub(super) fn check(self, account: &Account) {
        let packages = match self {
            Self::Create => 1,
            _ => 2,
        };
        let objects = super::packages(account);
        assert_eq!(objects.len(), packages, "one object for each package: {objects:?}");
        if self == Self::Delete {
            assert_eq!(stacks(account), Vec::<String>::new());
            return;
        }
        let wanted = if self == Self::Create { "CREATE_COMPLETE" } else { "UPDATE_COMPLETE" };
        assert_eq!(stacks(account), ["orders-dev"]);
        assert_eq!(status(account), wanted);
        assert_eq!(open_change_sets(account, "orders-dev"), Vec::<String>::new());
        let listed = cloudformation(account, "ListStackResources", "&StackName=orders-dev");
        let mut resources = elements(&listed, "LogicalResourceId");
        resources.sort();
        assert_eq!(resources, ["Hello", "HelloLogGroup", "HelloRole", "WorkerQueue"]);
        if self == Self::Repeat {
            // Whichever runs were killed, none of what they did is forgotten.
            let history = account.phalanx(&super::orders(), "history --output json").succeeds();
            let history = history.json()["deployments"].clone();
            assert_eq!(history.as_array().unwrap().len(), 2, "{history:#}");
            assert_eq!(
                (&history[0]["live"], &history[1]["change"]),
                (&json!(true), &json!("created"))
            );
        }
        let wanted = if self == Self::Create { "30" } else { "60" };
        let queue = account.wire(
            "sqs",
            "POST",
            "/",
            &format!(
                "Action=GetQueueAttributes&AttributeName.1=VisibilityTimeout&QueueUrl={}",
                elements(&cloudformation(account, "DescribeStacks", ""), "OutputValue")[0]
            ),
        );
        assert_eq!(elements(&queue, "Value"), [wanted], "{queue}");
    }
}
