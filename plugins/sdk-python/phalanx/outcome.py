"""How a run went wrong, in `rollback`."""

from wit_world.imports.outcome import completed, error, failed_step

__all__ = ["completed", "error", "failed_step"]
