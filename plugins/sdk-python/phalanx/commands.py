"""Programs of the host's, once the manifest grants `commands`."""

from dataclasses import dataclass
from typing import Optional

from wit_world.imports import commands as wire

from .failure import ask


@dataclass
class Output:
    """What a program left."""

    status: int
    stdout: str
    stderr: str


def run(
    *argv: str, dir: Optional[str] = None, env: Optional[dict[str, str]] = None, stdin: str = ""
) -> Output:
    """Runs a program without a shell. An exit code is no failure."""
    command = wire.Command(list(argv), dir, list((env or {}).items()), stdin.encode())
    output = ask(wire.run, command)
    text = lambda data: data.decode(errors="replace")
    return Output(output.status, text(output.stdout), text(output.stderr))
