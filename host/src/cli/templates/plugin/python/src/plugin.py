"""{{description}}.

Each hook call gets a new instance of the module as it was when it was built; what has to last from hook to hook goes
into `phalanx.context`.
"""

import json

{{#post-build}}
from phalanx import artifacts
{{/}}
{{#pre-build}}
from phalanx import context
{{/}}
{{#template-decorate}}
from phalanx import edit
{{/}}
{{#pre-build template-decorate post-provision rollback teardown}}
from phalanx import log
{{/}}
{{#rollback}}
from phalanx import outcome
{{/}}
from phalanx import run
{{#post-provision}}
from phalanx import stack
{{/}}
{{#template-decorate template-validate}}
from phalanx import template
{{/}}
from phalanx.failure import hook
{{#template-validate}}
from wit_world.exports.template_validate import Finding
{{/}}


def days() -> int:
    """Days that a queue keeps a message: `config = { days = 4 }` in a service's manifest."""
    return run.config().get("days", 4)


class Configurable:
    """The host checks a service's config with this schema before anything runs."""

    def config_schema(self) -> str:
        return json.dumps({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "days": {
                    "type": "integer", "minimum": 1, "maximum": 14, "default": 4,
                    "description": "Days that a queue keeps a message.",
                },
            },
            "additionalProperties": False,
        })
{{#pre-build}}


@hook
class PreBuild:
    """Before the service is built: what is found out here, the hooks after it can read."""

    def pre_build(self) -> None:
        context.set("{{name}}.days", days())
        log.info(f"queues of `{run.service()}` keep messages for {days()} days")
{{/}}
{{#post-build}}


@hook
class PostBuild:
    """After the build: files that are written here go into the functions' packages."""

    def post_build(self) -> None:
        facts = {"service": run.service(), "stage": run.stage()}
        for package in artifacts.list():
            artifacts.write(package.function, "service.json", json.dumps(facts, separators=(",", ":")))
{{/}}
{{#template-decorate}}


@hook
class TemplateDecorate:
    """Edits the template. All edits are kept, or none when this raises; each is known as this plugin's."""

    def decorate_service(self) -> None:
        """Once for the service."""
        for queue in template.logical_ids("AWS::SQS::Queue"):
            period = template.property(queue, "MessageRetentionPeriod")
            # What the service says itself, it shall have.
            if template.has(period):
                continue
            edit.set(period, days() * 86_400)
            log.info(f"`{queue}` keeps its messages for {days()} days")

    def decorate_function(self, function: str, logical_id: str) -> None:
        """Once for each function that names this plugin in `decorators`."""
        # The template as a dict: what is assigned is edited.
        variables = edit.Live("Resources", logical_id, "Properties", "Environment", "Variables")
        variables["MESSAGE_DAYS"] = str(days())
        log.info(f"`{function}` knows how long messages are kept")
{{/}}
{{#template-validate}}


@hook
class TemplateValidate:
    """Judges the final template. An error stops the run; a warning or a note is shown."""

    def validate(self) -> list[Finding]:
        findings = []
        for queue in template.logical_ids("AWS::SQS::Queue"):
            period = template.property(queue, "MessageRetentionPeriod")
            if not template.has(period):
                findings.append(Finding(
                    severity="warning",
                    rule="queue-retention",
                    at=period,
                    message=f"`{queue}` does not say how long it keeps its messages",
                    hint=f"set `MessageRetentionPeriod`, such as to {days() * 86_400}",
                ))
        return findings
{{/}}
{{#post-provision}}


@hook
class PostProvision:
    """After the stack was created or updated."""

    def post_provision(self) -> None:
        for key, value in stack.outputs().items():
            log.info(f"output {key} is {value}")
{{/}}
{{#rollback}}


@hook
class Rollback:
    """After any step failed: undo what this plugin did outside the template."""

    def rollback(self) -> None:
        log.info(f"`{outcome.failed_step()}` failed: {outcome.error().message}")
{{/}}
{{#teardown}}


@hook
class Teardown:
    """Around the deletion of the stack."""

    def pre_delete(self) -> None:
        log.info(f"stack `{run.stack_name()}` is about to go")

    def post_delete(self) -> None:
        log.info(f"stack `{run.stack_name()}` is gone")
{{/}}
