//! Templates that a plugin made invalid, and validators that refuse.

use super::Case;

#[test]
fn a_dangling_reference_names_the_plugin_that_wrote_it() {
    let bad = Case::hostile("dangling-ref", "template-decorate").stops(2);
    insta::assert_snapshot!(bad.error(), @"
error: the template has 1 error
  dangling-reference: `Ref` in resource `Dangling` refers to `NoSuchThing`, which is neither a resource nor a parameter
    at /Resources/Dangling/Properties/DisplayName/Ref, written by plugin `bad`
    hint: declare `NoSuchThing`, or correct the name
");
}

#[test]
fn a_cycle_names_the_plugin_that_made_it() {
    let bad = Case::hostile("cycle", "template-decorate").stops(2);
    insta::assert_snapshot!(bad.error(), @"
error: the template has 1 error
  cycle: resources depend on each other in a circle: Chicken -> Egg -> Chicken (`Chicken` needs `Egg` in `DependsOn`, `Egg` needs `Chicken` in `DependsOn`)
    at /Resources/Chicken, written by plugin `bad`
    hint: remove one of these references, or move it into a resource of its own
");
}

#[test]
fn a_resource_without_a_type_names_the_plugin() {
    let bad = Case::hostile("no-type", "template-decorate").stops(2);
    insta::assert_snapshot!(bad.error(), @"
error: the template has 1 error
  resource-shape: resource `Typeless` has no `Type`
    at /Resources/Typeless, written by plugin `bad`
    hint: add the CloudFormation type, such as `AWS::SQS::Queue`
");
}

#[test]
fn a_template_that_lost_all_resources_names_the_plugin() {
    let bad = Case::hostile("remove-all", "template-decorate").stops(2);
    insta::assert_snapshot!(bad.error(), @"
error: the template has 1 error
  no-resources: the template has no resources; plugin `bad` removed what was there
    at /Resources
    hint: CloudFormation needs one at least: add a function or a resource
");
}

#[test]
fn a_validator_that_refuses_is_shown_with_its_rule_place_and_hint() {
    let bad = Case::hostile("error-finding", "template-validate").stops(3);
    insta::assert_snapshot!(bad.error(), @"
error: the template has 1 error
  no-resources: resources are not allowed here
    at /Resources
    found by plugin `bad`
    hint: remove them
");
}

#[test]
fn a_flood_of_findings_is_limited() {
    let bad = Case::hostile("flood-findings", "template-validate").stops(3);
    let error = bad.error();
    assert!(error.lines().count() < 250, "{} lines", error.lines().count());
    let lines: Vec<_> = error.lines().collect();
    insta::assert_snapshot!(format!("{}\n[…]\n{}", lines[0], lines[lines.len() - 3..].join("\n")), @"
error: the template has 100000 errors
[…]
    found by plugin `bad`
    hint: remove them
  … and 99950 more
");
}
