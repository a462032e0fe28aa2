"""The plugin with every hook, in Python."""

from phalanx import artifacts, context, edit, files, log, outcome, run, stack, template
from phalanx.failure import hook
from wit_world.exports.template_validate import Finding


@hook
class PreBuild:
    def pre_build(self) -> None:
        owner = files.read_text("OWNER").strip()
        context.set("owner", owner)
        log.info(f"{owner} owns {run.service()}")


@hook
class PostBuild:
    def post_build(self) -> None:
        for package in artifacts.list():
            count = len(artifacts.files(package.function))
            artifacts.write(package.function, "OWNER", context.get("owner"))
            log.info(f"{package.function} has {count} files and an owner")


@hook
class TemplateDecorate:
    def decorate_service(self) -> None:
        edit.set("/Metadata/Owner", context.get("owner"))

    def decorate_function(self, function: str, logical_id: str) -> None:
        edit.set(template.property(logical_id, "Environment", "Variables", "OWNER"), context.get("owner"))
        log.info(f"{function} knows its owner")


@hook
class TemplateValidate:
    def validate(self) -> list[Finding]:
        if template.has("/Metadata/Owner"):
            return []
        return [Finding("warning", "no-owner", "/Metadata", "nobody owns this", None)]


@hook
class PostProvision:
    def post_provision(self) -> None:
        for key, value in stack.outputs().items():
            log.info(f"{key}: {value}")


@hook
class Rollback:
    def rollback(self) -> None:
        steps = ", ".join(outcome.completed())
        log.warn(f"{outcome.failed_step()} failed after {steps}: {outcome.error().message}")


@hook
class Teardown:
    def pre_delete(self) -> None:
        log.info(f"{run.stack_name()} goes")

    def post_delete(self) -> None:
        log.info(f"{run.stack_name()} is gone")
