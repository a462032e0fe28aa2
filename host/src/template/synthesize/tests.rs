//! Whole templates of small services. `cfn-lint` passes each of them.

use super::fixtures::{
    busy, code, function, http, ids, part, permission, sections, service, statements,
};
use super::*;
use crate::manifest::EventSource;
use crate::template::{Template, check};

#[test]
fn one_function_gets_a_log_group_a_role_and_nothing_more() {
    let made = synthesize(&service([function("hello")]), &code(&["hello"]), &json!({"version": 1}));
    insta::assert_snapshot!(part(&made, "/Metadata"), @r#"Phalanx: {"version":1}"#);
    insta::assert_snapshot!(ids(&made), @"
    HelloLogGroup AWS::Logs::LogGroup
    HelloRole AWS::IAM::Role
    Hello AWS::Lambda::Function
    ");
    insta::assert_snapshot!(part(&made, "/Resources/HelloLogGroup"), @r#"
    Type: "AWS::Logs::LogGroup"
    DeletionPolicy: "Delete"
    UpdateReplacePolicy: "Delete"
    Properties: {"LogGroupName":{"Fn::Sub":"/aws/lambda/${AWS::StackName}-hello"},"RetentionInDays":14}
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/HelloRole/Properties"), @r#"
    AssumeRolePolicyDocument: {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}
    Policies: [{"PolicyName":"hello","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],"Resource":{"Fn::GetAtt":["HelloLogGroup","Arn"]}}]}}]
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/Hello/Properties"), @r#"
    FunctionName: {"Fn::Sub":"${AWS::StackName}-hello"}
    Code: {"S3Bucket":"artifacts","S3Key":"code.zip"}
    Handler: "bootstrap"
    Runtime: "provided.al2023"
    Architectures: ["x86_64"]
    MemorySize: 128
    Timeout: 30
    Role: {"Fn::GetAtt":["HelloRole","Arn"]}
    LoggingConfig: {"LogGroup":{"Ref":"HelloLogGroup"}}
    "#);
}

#[test]
fn http_events_share_one_api() {
    let mut hello = function("hello");
    hello.events = vec![http("GET", "/hello"), http("ANY", "/")];
    let mut orders = function("orders");
    orders.events = vec![http("GET", "/orders/{id}"), http("POST", "/or-ders")];
    let made = synthesize(&service([hello, orders]), &code(&["hello", "orders"]), &json!({}));
    insta::assert_snapshot!(ids(&made), @"
    HelloLogGroup AWS::Logs::LogGroup
    HelloRole AWS::IAM::Role
    Hello AWS::Lambda::Function
    OrdersLogGroup AWS::Logs::LogGroup
    OrdersRole AWS::IAM::Role
    Orders AWS::Lambda::Function
    HttpApi AWS::ApiGatewayV2::Api
    HttpApiStage AWS::ApiGatewayV2::Stage
    HelloHttpIntegration AWS::ApiGatewayV2::Integration
    HelloHttpGetHello AWS::ApiGatewayV2::Route
    HelloHttpGetHelloPermission AWS::Lambda::Permission
    HelloHttpAnyRoot AWS::ApiGatewayV2::Route
    HelloHttpAnyRootPermission AWS::Lambda::Permission
    OrdersHttpIntegration AWS::ApiGatewayV2::Integration
    OrdersHttpGetOrdersId AWS::ApiGatewayV2::Route
    OrdersHttpGetOrdersIdPermission AWS::Lambda::Permission
    OrdersHttpPostOrDers AWS::ApiGatewayV2::Route
    OrdersHttpPostOrDersPermission AWS::Lambda::Permission
    ");
    insta::assert_snapshot!(part(&made, "/Resources/HelloHttpGetHello"), @r#"
    Type: "AWS::ApiGatewayV2::Route"
    Properties: {"ApiId":{"Ref":"HttpApi"},"RouteKey":"GET /hello","Target":{"Fn::Sub":"integrations/${HelloHttpIntegration}"}}
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/OrdersHttpGetOrdersIdPermission"), @r#"
    Type: "AWS::Lambda::Permission"
    Properties: {"Action":"lambda:InvokeFunction","FunctionName":{"Fn::GetAtt":["Orders","Arn"]},"Principal":"apigateway.amazonaws.com","SourceArn":{"Fn::Sub":"arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*/GET/orders/{id}"}}
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/HelloHttpIntegration/Properties"), @r#"
    ApiId: {"Ref":"HttpApi"}
    IntegrationType: "AWS_PROXY"
    IntegrationUri: {"Fn::GetAtt":["Hello","Arn"]}
    PayloadFormatVersion: "2.0"
    "#);
    insta::assert_snapshot!(part(&made, "/Outputs"), @r#"HttpApiUrl: {"Description":"Address of the HTTP API","Value":{"Fn::GetAtt":["HttpApi","ApiEndpoint"]}}"#);
}

#[test]
fn every_kind_of_event_brings_its_resources_and_permissions() {
    let made = synthesize(&busy(), &code(&["work-er"]), &json!({}));
    insta::assert_snapshot!(ids(&made), @"
    WorkErLogGroup AWS::Logs::LogGroup
    WorkErRole AWS::IAM::Role
    WorkEr AWS::Lambda::Function
    WorkErSchedule AWS::Events::Rule
    WorkErSchedulePermission AWS::Lambda::Permission
    WorkErSchedule2 AWS::Events::Rule
    WorkErSchedule2Permission AWS::Lambda::Permission
    WorkErWorkerQueueMapping AWS::Lambda::EventSourceMapping
    WorkErTableMapping AWS::Lambda::EventSourceMapping
    WorkErClicksMapping AWS::Lambda::EventSourceMapping
    WorkErAlertsSubscription AWS::SNS::Subscription
    WorkErAlertsSubscriptionPermission AWS::Lambda::Permission
    WorkErPattern AWS::Events::Rule
    WorkErPatternPermission AWS::Lambda::Permission
    WorkErUrl AWS::Lambda::Url
    WorkErUrlPermission AWS::Lambda::Permission
    WorkErUrlInvokePermission AWS::Lambda::Permission
    WorkerQueue AWS::SQS::Queue
    Dead AWS::SQS::Queue
    Store AWS::S3::Bucket
    Alerts AWS::SNS::Topic
    Bus AWS::Events::EventBus
    Table AWS::DynamoDB::Table
    ");
    insta::assert_snapshot!(statements(&made, "WorkErRole"), @r#"
    logs:CreateLogStream logs:PutLogEvents on {"Fn::GetAtt":["WorkErLogGroup","Arn"]}
    xray:PutTraceSegments xray:PutTelemetryRecords on "*"
    ec2:AssignPrivateIpAddresses ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets ec2:UnassignPrivateIpAddresses on "*"
    sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes on {"Fn::GetAtt":["WorkerQueue","Arn"]}
    dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator dynamodb:ListStreams on {"Fn::GetAtt":["Table","StreamArn"]}
    kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords kinesis:GetShardIterator kinesis:ListShards on "arn:aws:kinesis:eu-central-1:123456789012:stream/clicks"
    sqs:SendMessage on {"Fn::GetAtt":["Dead","Arn"]}
    sqs:SendMessage on {"Fn::GetAtt":["WorkerQueue","Arn"]}
    s3:GetObject s3:PutObject on [{"Fn::Sub":"${Store.Arn}/in/*"},"arn:aws:s3:::other/*"]
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/WorkErWorkerQueueMapping/Properties"), @r#"
    EventSourceArn: {"Fn::GetAtt":["WorkerQueue","Arn"]}
    FunctionName: {"Fn::GetAtt":["WorkEr","Arn"]}
    BatchSize: 10
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/WorkErAlertsSubscription"), @r#"
    Type: "AWS::SNS::Subscription"
    Properties: {"Protocol":"lambda","TopicArn":{"Ref":"Alerts"},"Endpoint":{"Fn::GetAtt":["WorkEr","Arn"]}}
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/WorkErAlertsSubscriptionPermission"), @r#"
    Type: "AWS::Lambda::Permission"
    Properties: {"Action":"lambda:InvokeFunction","FunctionName":{"Fn::GetAtt":["WorkEr","Arn"]},"Principal":"sns.amazonaws.com","SourceArn":{"Ref":"Alerts"}}
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/WorkErSchedule2"), @r#"
    Type: "AWS::Events::Rule"
    Properties: {"ScheduleExpression":"cron(0 12 * * ? *)","State":"ENABLED","Targets":[{"Arn":{"Fn::GetAtt":["WorkEr","Arn"]},"Id":"WorkEr"}]}
    "#);
    insta::assert_snapshot!(part(&made, "/Resources/WorkErUrlInvokePermission"), @r#"
    Type: "AWS::Lambda::Permission"
    Properties: {"Action":"lambda:InvokeFunction","FunctionName":{"Fn::GetAtt":["WorkEr","Arn"]},"Principal":"*","InvokedViaFunctionUrl":true}
    "#);
    insta::assert_snapshot!(part(&made, "/Outputs"), @r#"WorkErUrl: {"Description":"Address of function work-er","Value":{"Fn::GetAtt":["WorkErUrl","FunctionUrl"]}}"#);
}

#[test]
fn optional_properties_appear_when_they_are_asked_for() {
    let made = synthesize(&busy(), &code(&["work-er"]), &json!({}));
    insta::assert_snapshot!(part(&made, "/Resources/WorkEr/Properties"), @r#"
    FunctionName: {"Fn::Sub":"${AWS::StackName}-work-er"}
    Description: "Works"
    Code: {"S3Bucket":"artifacts","S3Key":"code.zip"}
    Handler: "bootstrap"
    Runtime: "provided.al2023"
    Architectures: ["arm64"]
    MemorySize: 128
    Timeout: 30
    Role: {"Fn::GetAtt":["WorkErRole","Arn"]}
    LoggingConfig: {"LogGroup":{"Ref":"WorkErLogGroup"}}
    Environment: {"Variables":{"QUEUE":{"Ref":"WorkerQueue"}}}
    Layers: ["arn:aws:lambda:eu-central-1:123456789012:layer:tools:3"]
    VpcConfig: {"SubnetIds":["subnet-0123456789abcdef0"],"SecurityGroupIds":["sg-0123456789abcdef0"]}
    TracingConfig: {"Mode":"Active"}
    ReservedConcurrentExecutions: 5
    DeadLetterConfig: {"TargetArn":{"Fn::GetAtt":["Dead","Arn"]}}
    EphemeralStorage: {"Size":1024}
    Tags: [{"Key":"team","Value":"orders"}]
    "#);
}

#[test]
fn texts_become_the_simplest_value_that_means_them() {
    let mut hello = function("hello");
    hello.environment = IndexMap::from_iter(
        [
            ("PLAIN", "cost: $5 {x}"),
            ("REF", "${WorkerQueue}"),
            ("ATTRIBUTE", "${WorkerQueue.Arn}"),
            ("MIXED", "${AWS::Region}/${WorkerQueue.QueueName}"),
            ("BY_NAME", "${my-func.Arn}"),
            ("BY_PASCAL_NAME", "${MyFunc}"),
            ("PSEUDO", "${AWS::Region}"),
            ("LITERAL", "${!x}"),
            ("OPEN", "${x"),
        ]
        .map(|(name, text)| (name.to_owned(), text.to_owned())),
    );
    let made = synthesize(&service([hello, function("my-func")]), &code(&[]), &json!({}));
    let variables = part(&made, "/Resources/Hello/Properties/Environment/Variables");
    insta::assert_snapshot!(variables, @r#"
    PLAIN: "cost: $5 {x}"
    REF: {"Ref":"WorkerQueue"}
    ATTRIBUTE: {"Fn::GetAtt":["WorkerQueue","Arn"]}
    MIXED: {"Fn::Sub":"${AWS::Region}/${WorkerQueue.QueueName}"}
    BY_NAME: {"Fn::GetAtt":["MyFunc","Arn"]}
    BY_PASCAL_NAME: {"Ref":"MyFunc"}
    PSEUDO: {"Ref":"AWS::Region"}
    LITERAL: {"Fn::Sub":"${!x}"}
    OPEN: "${x"
    "#);
}

#[test]
fn the_services_own_sections_come_last_and_keep_their_order() {
    let mut service = service([function("hello")]);
    service.description = Some("orders".to_owned());
    service.sections = sections(json!({
        "Metadata": {"Team": "orders"},
        "Parameters": {"Size": {"Type": "String", "Default": "a"}},
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "A": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Url": {"Value": "${Queue}", "Export": {"Name": "${AWS::StackName}-url"}}},
    }));
    let made = synthesize(&service, &code(&["hello"]), &json!({"build": "abc"}));
    let keys: Vec<_> = made.document.as_object().expect("an object").keys().collect();
    insta::assert_snapshot!(format!("{keys:?}"), @r#"["AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs"]"#);
    insta::assert_snapshot!(ids(&made), @"
    HelloLogGroup AWS::Logs::LogGroup
    HelloRole AWS::IAM::Role
    Hello AWS::Lambda::Function
    Queue AWS::SQS::Queue
    A AWS::SNS::Topic
    ");
    insta::assert_snapshot!(part(&made, "/Metadata"), @r#"
    Team: "orders"
    Phalanx: {"build":"abc"}
    "#);
    insta::assert_snapshot!(part(&made, "/Outputs"), @r#"Url: {"Value":{"Ref":"Queue"},"Export":{"Name":{"Fn::Sub":"${AWS::StackName}-url"}}}"#);
}

#[test]
fn an_id_that_is_wanted_twice_is_an_error_that_names_both() {
    let mut hello = function("hello");
    let queue = || EventSource::Queue { arn: "${Queue.Arn}".to_owned(), batch_size: None };
    hello.events = vec![queue(), queue()];
    let mut service = service([hello, function("hello-role")]);
    service.sections = sections(json!({"Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "HelloLogGroup": {"Type": "AWS::Logs::LogGroup"},
    }}));
    let made = synthesize(&service, &code(&[]), &json!({}));
    let lines: Vec<_> = made
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{}: {} ({})",
                finding.at,
                finding.message,
                finding.hint.as_deref().unwrap_or("")
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    /Resources/HelloQueueMapping: the event source mapping of `${Queue.Arn}` of function `hello` is there twice (remove one of the two events)
    /Resources/HelloRole: the role of function `hello` and function `hello-role` both need the logical id `HelloRole` (rename one of the functions)
    /Resources/HelloLogGroup: `HelloLogGroup` is the id of the log group of function `hello`, which Phalanx generates (rename `HelloLogGroup` in the service's own resources)
    ");
}

#[test]
fn routes_that_read_alike_still_get_ids_of_their_own() {
    let mut hello = function("hello");
    hello.events = vec![http("GET", "/a-b"), http("GET", "/aB")];
    let made = synthesize(&service([hello]), &code(&[]), &json!({}));
    assert_eq!(made.findings, []);
    let routes = ids(&made);
    let routes: Vec<_> = routes.lines().filter(|line| line.ends_with("::Route")).collect();
    insta::assert_snapshot!(routes.join("\n"), @"
    HelloHttpGetAB AWS::ApiGatewayV2::Route
    HelloHttpGetAB089107838437 AWS::ApiGatewayV2::Route
    ");
}

#[test]
fn what_a_text_of_the_manifest_breaks_is_located_in_the_manifest() {
    let mut hello = function("hello");
    hello.environment.insert("A".to_owned(), "${Nope}".to_owned());
    hello.permissions = vec![permission("sqs:SendMessage", "${Nope2.Arn}")];
    let mut service = service([hello]);
    for (key, line) in [("#/functions/hello", 4), ("#/functions/hello/environment/A", 7)] {
        let location = Location { file: "phalanx.toml".into(), line, column: 1 };
        service.locations.insert(key.to_owned(), location);
    }
    let made = synthesize(&service, &code(&["hello"]), &json!({}));
    let template = Template::new(made.document.clone());
    let findings: Vec<_> = check::check(&made.document, &made.locations, &template)
        .into_iter()
        .map(|finding| (finding.rule, finding.location.map(|location| location.line)))
        .collect();
    let dangling = "dangling-reference".to_owned();
    assert_eq!(findings, [(dangling.clone(), Some(4)), (dangling, Some(7))]);
}

#[test]
fn a_name_too_long_for_lambda_is_left_to_cloudformation() {
    let made = synthesize(&service([function(&"x".repeat(60))]), &code(&[]), &json!({}));
    let properties = &made.document["Resources"]["X".to_owned() + &"x".repeat(59)]["Properties"];
    assert!(properties.get("FunctionName").is_none());
    assert!(properties["LoggingConfig"]["LogGroup"]["Ref"].is_string());
}

#[test]
fn an_existing_role_is_used_as_it_is() {
    let mut hello = function("hello");
    hello.role = Some("${SharedRole.Arn}".to_owned());
    let made = synthesize(&service([hello]), &code(&[]), &json!({}));
    insta::assert_snapshot!(ids(&made), @"
    HelloLogGroup AWS::Logs::LogGroup
    Hello AWS::Lambda::Function
    ");
    insta::assert_snapshot!(part(&made, "/Resources/Hello/Properties/Role"), @r#"Fn::GetAtt: ["SharedRole","Arn"]"#);
}

#[test]
fn many_functions_make_a_template_that_passes_the_checks() {
    let functions = (0..60).map(|number| {
        let mut function = function(&format!("function-{number}"));
        function.events = vec![http("GET", &format!("/f/{number}"))];
        function
    });
    let service = service(functions);
    let names: Vec<_> = service.functions.keys().map(String::as_str).collect();
    let made = synthesize(&service, &code(&names), &json!({}));
    assert_eq!(made.findings, []);
    let template = Template::new(made.document.clone());
    assert_eq!(check::check(&made.document, &made.locations, &template), []);
}
