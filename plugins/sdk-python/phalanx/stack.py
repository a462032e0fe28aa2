"""The deployed stack, in `post-provision` and `teardown`."""

from wit_world.imports import stack as wire
from wit_world.imports.stack import created, id, resources, unchanged

__all__ = ["created", "id", "outputs", "resources", "unchanged"]


def outputs() -> dict[str, str]:
    """Outputs by key."""
    return dict(wire.outputs())
