//! The command line as a user meets it: results, messages, exit codes, streams.
//!
//! Transcripts are snapshots: read a difference as a user would. `INSTA_UPDATE=always` writes them.

mod commands;
mod errors;
mod init;
mod plan_page;
mod streams;
mod terminal;

use crate::support::Project;

/// A service with a function in Python, which needs no build.
pub(crate) const ORDERS: &str = r#"[service]
name = "orders"
region = "eu-central-1"

[functions.hello]
code = "app"
handler = "main.handler"
runtime = "python3.12"

[resources.Queue]
Type = "AWS::SQS::Queue"

[outputs.QueueUrl]
Value = "${Queue}"

[plugins.tags]
source = "builtin:stack-tags"
config = { tags = { team = "orders" } }

[stages.prod.functions.hello]
memory = 512
"#;

/// [`ORDERS`] with its code.
fn orders() -> Project {
    Project::new(ORDERS).file(
        "app/main.py",
        "def handler(event, context):\n    \
             if event.get('fail'):\n        \
                 raise ValueError('no luck')\n    \
             print('got', event)\n    \
             return {'echo': event}\n",
    )
}
