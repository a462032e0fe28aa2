//! Small services for the tests, and short ways to show what was made of them.

use std::path::PathBuf;

use super::*;
use crate::manifest::{Architecture, Deploy, EventSource, Permission, Vpc};

/// A service whose one function uses everything.
pub(super) fn busy() -> Service {
    let mut worker = function("work-er");
    let text = str::to_owned;
    worker.description = Some("Works".to_owned());
    worker.architecture = Architecture::Arm64;
    worker.environment.insert("QUEUE".to_owned(), "${WorkerQueue}".to_owned());
    worker.permissions = vec![
        permission("sqs:SendMessage", "${WorkerQueue.Arn}"),
        Permission {
            actions: vec![text("s3:GetObject"), text("s3:PutObject")],
            resources: vec![text("${Store.Arn}/in/*"), text("arn:aws:s3:::other/*")],
        },
    ];
    worker.layers = vec!["arn:aws:lambda:eu-central-1:123456789012:layer:tools:3".to_owned()];
    worker.vpc = Some(Vpc {
        subnets: vec![text("subnet-0123456789abcdef0")],
        security_groups: vec![text("sg-0123456789abcdef0")],
    });
    worker.tracing = true;
    worker.reserved_concurrency = Some(5);
    worker.dead_letter = Some(text("${Dead.Arn}"));
    worker.ephemeral_storage = Some(1024);
    worker.tags.insert(text("team"), text("orders"));
    worker.depends_on = vec![text("Store")];
    worker.events = vec![
        EventSource::Schedule(text("rate(5 minutes)")),
        EventSource::Schedule(text("cron(0 12 * * ? *)")),
        EventSource::Queue { arn: text("${WorkerQueue.Arn}"), batch_size: Some(10) },
        EventSource::Stream {
            arn: text("${Table.StreamArn}"),
            starting_position: text("LATEST"),
            batch_size: None,
        },
        EventSource::Stream {
            arn: text("arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"),
            starting_position: text("TRIM_HORIZON"),
            batch_size: Some(50),
        },
        EventSource::Topic(text("${Alerts}")),
        EventSource::Pattern { pattern: json!({"source": ["aws.s3"]}), bus: Some(text("${Bus}")) },
        EventSource::Url { iam: false },
    ];
    let mut service = service([worker]);
    service.sections = sections(json!({"Resources": {
        "WorkerQueue": {"Type": "AWS::SQS::Queue"},
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Store": {"Type": "AWS::S3::Bucket"},
        "Alerts": {"Type": "AWS::SNS::Topic"},
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "orders"}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        }},
    }}));
    service
}

pub(super) fn service(functions: impl IntoIterator<Item = Function>) -> Service {
    let functions = functions.into_iter().map(|function| (function.name.clone(), function));
    Service {
        root: PathBuf::from("/service"),
        manifest_file: "phalanx.toml".to_owned(),
        name: "orders".to_owned(),
        stage: "dev".to_owned(),
        stack_name: "orders-dev".to_owned(),
        region: None,
        account: None,
        description: None,
        policy: None,
        tags: IndexMap::new(),
        build: None,
        deploy: Deploy::default(),
        functions: functions.collect(),
        sections: Map::new(),
        plugins: IndexMap::new(),
        parameters: IndexMap::new(),
        locations: BTreeMap::new(),
    }
}

pub(super) fn function(name: &str) -> Function {
    Function {
        name: name.to_owned(),
        logical_id: ids::pascal(name),
        code: "bootstrap".to_owned(),
        exclude: Vec::new(),
        build: None,
        handler: "bootstrap".to_owned(),
        runtime: "provided.al2023".to_owned(),
        architecture: Architecture::X86_64,
        memory: 128,
        timeout: 30,
        environment: IndexMap::new(),
        permissions: Vec::new(),
        role: None,
        events: Vec::new(),
        log_retention: 14,
        layers: Vec::new(),
        vpc: None,
        tracing: false,
        reserved_concurrency: None,
        dead_letter: None,
        ephemeral_storage: None,
        tags: IndexMap::new(),
        description: None,
        depends_on: Vec::new(),
        decorators: Vec::new(),
    }
}

pub(super) fn http(method: &str, path: &str) -> EventSource {
    EventSource::Http { method: method.to_owned(), path: path.to_owned() }
}

pub(super) fn permission(action: &str, resource: &str) -> Permission {
    Permission { actions: vec![action.to_owned()], resources: vec![resource.to_owned()] }
}

pub(super) fn code(functions: &[&str]) -> IndexMap<String, CodeLocation> {
    let location = CodeLocation { bucket: "artifacts".to_owned(), key: "code.zip".to_owned() };
    functions.iter().map(|name| ((*name).to_owned(), location.clone())).collect()
}

pub(super) fn sections(value: Value) -> Map<String, Value> {
    let Value::Object(sections) = value else { panic!("sections are an object") };
    sections
}

/// A part of the template, a line each entry.
pub(super) fn part(made: &Synthesis, pointer: &str) -> String {
    let value = made.document.pointer(pointer).expect("the part is there");
    let Value::Object(entries) = value else { return value.to_string() };
    entries.iter().map(|(key, value)| format!("{key}: {value}")).collect::<Vec<_>>().join("\n")
}

/// A line a resource: id and type.
pub(super) fn ids(made: &Synthesis) -> String {
    let resources = made.document["Resources"].as_object().expect("resources");
    let line = |(id, resource): (&String, &Value)| {
        format!("{id} {}", resource["Type"].as_str().unwrap_or_default())
    };
    resources.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A line a statement of a role.
pub(super) fn statements(made: &Synthesis, role: &str) -> String {
    let policy = &made.document["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"];
    let line = |statement: &Value| {
        let actions: Vec<_> = statement["Action"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        format!("{} on {}", actions.join(" "), statement["Resource"])
    };
    policy["Statement"].as_array().into_iter().flatten().map(line).collect::<Vec<_>>().join("\n")
}
