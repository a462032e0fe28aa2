"""The run under way: facts, and this plugin's config."""

import json
from typing import Any

from wit_world.imports import run as wire
from wit_world.imports.run import account, build_id, dry_run, region, service, stack_name, stage

__all__ = ["account", "build_id", "config", "dry_run", "region", "service", "stack_name", "stage"]


def config() -> dict[str, Any]:
    """This plugin's `config` from the manifest; the host has held it against the plugin's schema."""
    return json.loads(wire.config())
