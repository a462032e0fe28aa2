"""The shared context: one map that all hooks of all plugins of a run see."""

import json
from typing import Any

from wit_world.imports import context as wire
from wit_world.imports.context import keys

from .failure import ask

__all__ = ["get", "keys", "remove", "set"]


def get(key: str, default: Any = None) -> Any:
    """The value of `key`, or the default."""
    text = wire.get(key)
    return default if text is None else json.loads(text)


def set(key: str, value: Any) -> None:
    """Sets `key`; fails when another plugin wrote it."""
    ask(wire.set, key, json.dumps(value))


def remove(key: str) -> bool:
    """Removes `key`; true when it was there."""
    return ask(wire.remove, key)
