"""The functions' packages, in `post-build`."""

from typing import Union

from wit_world.imports import artifacts as wire

from .failure import ask


def list() -> "list[wire.Artifact]":
    """All packaged functions, in manifest order."""
    return wire.list()


def files(function: str) -> "list[str]":
    """The names of the files in a function's package, sorted."""
    return ask(wire.files, function)


def read(function: str, path: str) -> bytes:
    """The bytes of one file of a function's package."""
    return ask(wire.read, function, path)


def write(function: str, path: str, content: Union[str, bytes], mode: int = 0o644) -> None:
    """Adds a file to a function's package, or replaces it; a text is written as UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    ask(wire.write, function, path, data, mode)
