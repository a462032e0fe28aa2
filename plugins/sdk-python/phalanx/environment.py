"""Environment variables, once the manifest grants `env`."""

from wit_world.imports.environment import get

__all__ = ["get"]
