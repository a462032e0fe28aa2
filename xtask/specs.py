#!/usr/bin/env python3
"""Writes what Phalanx knows about CloudFormation's resource types.

Run by hand when AWS has new types worth knowing:

    python3 -m venv target/cfn-lint
    target/cfn-lint/bin/pip install cfn-lint
    target/cfn-lint/bin/python xtask/specs.py

Source: the resource provider schemas that cfn-lint (MIT-0) ships. A type's schema is the one of
us-east-1, or of the first region, by name, that has the type. The same cfn-lint gives the same bytes.

Writes two files:

* `host/src/template/spec/table.txt`: a comment, then one line a type, sorted by bytes, tabs between
  the fields and spaces between the items of a field:
  type, what `Ref` returns (identifier properties joined by `|`), where its tags go (`Tags[]` a list
  of Key and Value, `Tags{}` a map, empty when it has none), `stateful` or empty, attributes of
  `Fn::GetAtt`, create-only properties, properties whose change replaces only sometimes, required
  properties. Paths have `/` between their tokens, `*` stands for any item.
* `plugins/stack-tags/src/taggable.txt`: type, tag property, `list` or `map`; for the plugin.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import cfnlint
from cfnlint.schema import Schema

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"

# Replacing or removing one of these loses data that nobody can make again from the template.
STATEFUL = set(
    """
    AWS::Backup::BackupVault AWS::Cassandra::Keyspace AWS::Cassandra::Table
    AWS::CodeCommit::Repository AWS::Cognito::IdentityPool AWS::Cognito::UserPool
    AWS::DocDB::DBCluster AWS::DocDB::DBInstance AWS::DSQL::Cluster AWS::DynamoDB::GlobalTable
    AWS::DynamoDB::Table AWS::EC2::Volume AWS::ECR::PublicRepository AWS::ECR::Repository
    AWS::EFS::FileSystem AWS::ElastiCache::CacheCluster AWS::ElastiCache::ReplicationGroup
    AWS::ElastiCache::ServerlessCache AWS::Elasticsearch::Domain AWS::FSx::FileSystem
    AWS::FSx::Volume AWS::KMS::Key AWS::KMS::ReplicaKey AWS::Kinesis::Stream AWS::Logs::LogGroup
    AWS::MSK::Cluster AWS::MSK::ServerlessCluster AWS::MemoryDB::Cluster AWS::Neptune::DBCluster
    AWS::Neptune::DBInstance AWS::OpenSearchServerless::Collection
    AWS::OpenSearchService::Domain AWS::QLDB::Ledger AWS::RDS::DBCluster AWS::RDS::DBInstance
    AWS::RDS::GlobalCluster AWS::Redshift::Cluster AWS::RedshiftServerless::Namespace
    AWS::Route53::HostedZone AWS::S3::Bucket AWS::S3Express::DirectoryBucket
    AWS::S3Tables::Table AWS::S3Tables::TableBucket AWS::SDB::Domain AWS::SQS::Queue
    AWS::SecretsManager::Secret AWS::Timestream::Database AWS::Timestream::InfluxDBInstance
    AWS::Timestream::Table
    """.split()
)

# Where `Ref` is not the registry's primary identifier, as CloudFormation's reference documents it.
REF = {
    "AWS::ApiGateway::Authorizer": "AuthorizerId",
    "AWS::ApiGateway::Deployment": "DeploymentId",
    "AWS::ApiGateway::Model": "Name",
    "AWS::ApiGateway::RequestValidator": "RequestValidatorId",
    "AWS::ApiGateway::Resource": "ResourceId",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::ApiGatewayV2::ApiMapping": "ApiMappingId",
    "AWS::ApiGatewayV2::Authorizer": "AuthorizerId",
    "AWS::ApiGatewayV2::Deployment": "DeploymentId",
    "AWS::ApiGatewayV2::Integration": "IntegrationId",
    "AWS::ApiGatewayV2::IntegrationResponse": "IntegrationResponseId",
    "AWS::ApiGatewayV2::Model": "ModelId",
    "AWS::ApiGatewayV2::Route": "RouteId",
    "AWS::ApiGatewayV2::RouteResponse": "RouteResponseId",
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::Cognito::UserPoolClient": "ClientId",
    "AWS::Cognito::UserPoolGroup": "GroupName",
    "AWS::ECS::Service": "ServiceArn",
    "AWS::ECS::TaskSet": "Id",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::Policy": "PolicyName",
    "AWS::Lambda::Permission": "Id",
}


def main():
    types = {name: Schema(schema) for name, schema in schemas().items()}
    if unknown := sorted((STATEFUL | REF.keys()) - types.keys()):
        sys.exit(f"no such types any more: {', '.join(unknown)}")
    source = f"cfn-lint {version('cfn-lint')} (MIT-0), schemas of {schema_date()}"

    table = [f"# CloudFormation resource types from {source}; written by xtask/specs.py\n"]
    table += sorted(line(name, schema) for name, schema in types.items())
    write("host/src/template/spec/table.txt", table)

    taggable = []
    for name, schema in sorted(types.items()):
        if tags := tag_property(schema):
            path, shape = tags[:-2], {"[]": "list", "{}": "map"}[tags[-2:]]
            taggable.append(f"{name}\t{path}\t{shape}\n")
    write("plugins/stack-tags/src/taggable.txt", taggable)


def schemas():
    """Every type's schema by the type's name."""
    regions = sorted((SCHEMAS / "providers").glob("*-*.json"), key=lambda f: (f.stem != "us-east-1", f.stem))
    files = {}
    for region in regions:
        for name, file in json.loads(region.read_text()).items():
            files.setdefault(name, file)
    loaded = {name: json.loads((SCHEMAS / "resources" / f"{file}.json").read_text()) for name, file in files.items()}
    # Custom resources and modules have whatever attributes their authors give them; Phalanx never asks.
    return {name: s for name, s in loaded.items() if name.startswith("AWS::") and name != "AWS::CloudFormation::CustomResource"}


def schema_date():
    return json.loads((SCHEMAS / "version.json").read_text())["schema_date"][:10]


def line(name, schema):
    raw = schema.schema
    fields = [
        name,
        REF.get(name) or "|".join(path(p) for p in raw.get("primaryIdentifier", [])),
        tag_property(schema) or "",
        "stateful" if name in STATEFUL else "",
        items(attributes(schema)),
        items(map(path, raw.get("createOnlyProperties", []))),
        items(map(path, raw.get("conditionalCreateOnlyProperties", []))),
        items(raw.get("required", [])),
    ]
    return "\t".join(fields) + "\n"


def attributes(schema):
    # cfn-lint keeps patterns: `Outputs\\..*` means any output, written `Outputs.*` here.
    names = (a.replace("\\..*", ".*").replace("\\", "") for a in schema.get_atts)
    # An attribute cannot reach into a list.
    return (a for a in names if "*" not in a or a == "Outputs.*")


def tag_property(schema):
    """`Tags[]`, `Tags{}`, or None where tags have another shape or cannot be set."""
    raw = schema.schema
    tagging = raw.get("tagging", {})
    if tagging.get("taggable", raw.get("taggable")) is False:
        return None
    pointer = tagging.get("tagProperty", "/properties/Tags")
    if pointer.count("/") != 2 or pointer in raw.get("readOnlyProperties", []):
        return None
    value = resolve(schema, raw["properties"].get(path(pointer), {}))
    kind = value.get("type")
    if kind == "object":
        values = [resolve(schema, v) for v in value.get("patternProperties", {}).values()]
        return path(pointer) + "{}" if all(v.get("type") in (None, "string") for v in values) else None
    if kind == "array":
        item = resolve(schema, value.get("items", {}))
        plain = {"Key", "Value"} <= set(item.get("properties", {}))
        if plain and set(item.get("required", [])) <= {"Key", "Value"}:
            return path(pointer) + "[]"
    return None


def resolve(schema, value):
    while "$ref" in value:
        _, value = schema.resolver.resolve(value["$ref"])
    return value


def path(pointer):
    return pointer.removeprefix("/properties/").replace("/items/", "/*/").replace("/properties/", "/")


def items(values):
    return " ".join(sorted(set(values)))


def write(file, lines):
    target = ROOT / file
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(lines), newline="\n")
    print(f"{file}: {len(lines)} lines, {target.stat().st_size} bytes")


main()
