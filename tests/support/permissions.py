"""The IAM actions that CloudFormation needs for resource types (arguments), by its own schemas, which
cfn-lint has: a JSON object from type to sorted actions."""

import json
import sys
from pathlib import Path

import cfnlint

schemas = Path(cfnlint.__file__).parent / "data" / "schemas"
known = json.loads((schemas / "providers" / "eu-central-1.json").read_text())
permissions = {}
for name in sys.argv[1:]:
    schema = json.loads((schemas / "resources" / f"{known[name]}.json").read_text())
    handlers = schema.get("handlers", {})
    used = (handlers.get(kind, {}) for kind in ("create", "read", "update", "delete"))
    permissions[name] = sorted({action for one in used for action in one.get("permissions", [])})
print(json.dumps(permissions))
