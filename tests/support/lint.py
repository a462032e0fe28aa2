"""Judges templates with cfn-lint: a JSON string a line in, a JSON list of findings a line out.

Loading its rules takes a second, judging a template a fiftieth of that.
"""

import json
import sys

from cfnlint.config import ConfigMixIn
from cfnlint.core import get_rules
from cfnlint.decode.decode import decode_str
from cfnlint.runner import run_template_by_data

config = ConfigMixIn(regions=["eu-central-1"])
rules = get_rules([], [], ["W", "E"], {}, False)

for line in sys.stdin:
    template, found = decode_str(json.loads(line))
    if not found:
        found = run_template_by_data(template, config, rules)
    findings = [
        f"{one.rule.id} at {'/'.join(map(str, one.path or []))}: {one.message}"
        for one in found
    ]
    print(json.dumps(sorted(findings)), flush=True)
