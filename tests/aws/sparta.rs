//! Defects of the framework that Phalanx follows, each as a test that it has not.

use super::orders;
use crate::support::{Answer, Scripted};

#[test]
fn a_stack_without_descriptions_and_reasons_has_a_status() {
    let (server, project) = (Scripted::new(), orders());
    let output = "<Outputs><member><OutputKey>Url</OutputKey><OutputValue>x</OutputValue></member></Outputs>";
    server.script("DescribeStacks", [Answer::stack("orders-dev", "CREATE_COMPLETE", output)]);
    server.script("GetTemplate", [Answer::result("<TemplateBody>{}</TemplateBody>")]);
    let resources = "<member><LogicalResourceId>Queue</LogicalResourceId>\
        <ResourceType>AWS::SQS::Queue</ResourceType>\
        <ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>";
    let resources = format!("<StackResourceSummaries>{resources}</StackResourceSummaries>");
    server.script("ListStackResources", [Answer::result(resources)]);
    let status = server.phalanx(&project, "status").succeeds();
    insta::assert_snapshot!(status.stdout, @r"
    stack    orders-dev  CREATE_COMPLETE
    id       arn:aws:cloudformation:eu-central-1:123456789012:stack/orders-dev/11111111-2222-3333-4444-555555555555
    service  orders  stage dev
      Queue  CREATE_COMPLETE  AWS::SQS::Queue  
    output   Url = x
    ");
}
