"""Files of the service, once the manifest grants `files`."""

from wit_world.imports import files as wire

from .failure import ask


def list(glob: str) -> "list[str]":
    """The files that match a glob, sorted."""
    return ask(wire.list, glob)


def read(path: str) -> bytes:
    """The bytes of a file."""
    return ask(wire.read, path)


def read_text(path: str) -> str:
    """The text of a file."""
    return read(path).decode(errors="replace")
