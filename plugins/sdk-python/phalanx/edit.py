"""Edits the template, in `template-decorate`. A plugin that does not import this cannot."""

import json
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from wit_world.imports import template_edit as wire

from . import template
from .failure import ask


def set(at: str, value: Any) -> None:
    """Sets the value at a pointer, creating missing parents; a last key `-` appends to a list."""
    ask(wire.set, at, json.dumps(value))


def set_all(edits: Iterable[tuple[str, Any]]) -> None:
    """Many sets in one call, all or none."""
    ask(wire.set_all, [(at, json.dumps(value)) for at, value in edits])


def add(section: str, logical_id: str, value: Any) -> None:
    """Adds an entry to a section, such as `Resources`; fails when the id is taken."""
    ask(wire.add, section, logical_id, json.dumps(value))


def merge(at: str, patch: Any) -> None:
    """Applies a JSON Merge Patch (RFC 7396)."""
    ask(wire.merge, at, json.dumps(patch))


def remove(at: str) -> bool:
    """Removes the value at a pointer; true when it was there."""
    return ask(wire.remove, at)


def replace(document: Any) -> None:
    """Replaces the whole document."""
    ask(wire.replace, json.dumps(document))


class Live(MutableMapping):
    """An object of the template as a dict: what is read comes from the host, and what is assigned goes there.

    `Live("Resources", "Jobs", "Properties")["DelaySeconds"] = 5` is an edit, whether there were properties or not.
    """

    def __init__(self, *keys: template.Key):
        self._keys = keys
        self._at = template.pointer(*keys)

    def __getitem__(self, key: template.Key) -> Any:
        value = template.get(self._at + template.pointer(key), _NOTHING)
        if value is _NOTHING:
            raise KeyError(key)
        return Live(*self._keys, key) if isinstance(value, dict) else value

    def __setitem__(self, key: template.Key, value: Any) -> None:
        set(self._at + template.pointer(key), value)

    def __delitem__(self, key: template.Key) -> None:
        if not remove(self._at + template.pointer(key)):
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(template.get(self._at, {}))

    def __len__(self) -> int:
        return len(template.get(self._at, {}))


_NOTHING = object()
