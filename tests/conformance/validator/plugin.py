"""The validator in Python."""

from phalanx import template
from phalanx.failure import hook
from wit_world.exports.template_validate import Finding


@hook
class TemplateValidate:
    def validate(self) -> list[Finding]:
        places = [(queue, template.property(queue, "Tags")) for queue in template.logical_ids("AWS::SQS::Queue")]
        return [
            Finding("error", "untagged", place, f"`{queue}` has no tags", "add `Tags`")
            for queue, place in places
            if not template.has(place)
        ]
