"""The tagger in Python."""

from phalanx import commands, context, edit, log, run, template
from phalanx.failure import Failure, hook


def team() -> str:
    return run.config()["team"]


def tag() -> dict[str, str]:
    return {"Key": "team", "Value": team()}


@hook
class PreBuild:
    def pre_build(self) -> None:
        context.set("tagger.team", team())
        log.info(f"the team is {team()}")


@hook
class TemplateDecorate:
    def decorate_service(self) -> None:
        if team() == "nobody":
            raise Failure("no-owner", "`nobody` owns nothing", "name a team in `config`")
        commit = commands.run("git", "rev-parse", "HEAD").stdout.strip()
        properties = {"MessageRetentionPeriod": 1_209_600}
        edit.add("Resources", "AuditQueue", {"Type": "AWS::SQS::Queue", "Properties": properties})
        queues = template.logical_ids("AWS::SQS::Queue")
        for queue in queues:
            edit.set(template.property(queue, "Tags", "-"), tag())
        edit.set("/Metadata/Commit", commit)
        log.info(f"tagged {len(queues)} queues")

    def decorate_function(self, function: str, logical_id: str) -> None:
        edit.set(template.property(logical_id, "Tags", "-"), tag())
