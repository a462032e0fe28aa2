"""Reads the CloudFormation template as it stands."""

import json
from typing import Any, Optional, Union

from wit_world.imports import template_view as wire

Key = Union[str, int]


def pointer(*keys: Key) -> str:
    """A JSON Pointer (RFC 6901) of its keys."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def property(logical_id: str, *path: Key) -> str:
    """The place of a resource's property."""
    return pointer("Resources", logical_id, "Properties", *path)


def get(at: str, default: Any = None) -> Any:
    """The value at a pointer, or the default."""
    text = wire.get(at)
    return default if text is None else json.loads(text)


def has(at: str) -> bool:
    """Whether there is a value at a pointer."""
    return wire.get(at) is not None


def logical_ids(of_type: Optional[str] = None) -> list[str]:
    """Logical ids in document order; of one resource type, when one is named."""
    return wire.logical_ids(of_type)


def document() -> dict[str, Any]:
    """The whole document. Prefer `get`: it is an order of magnitude cheaper on a large template."""
    return json.loads(wire.document())
