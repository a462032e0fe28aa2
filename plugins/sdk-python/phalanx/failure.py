"""Why a hook cannot go on, and what turns exceptions into that."""

import functools
import linecache
import traceback
from typing import Callable, Optional, TypeVar

from componentize_py_types import Err
from wit_world.imports import log as wire_log
from wit_world.imports import types

T = TypeVar("T")

# A component has no sources in it. To look for them a traceback would need files, which a plugin may not have.
linecache.updatecache = lambda *_: []


class Failure(Exception):
    """Raised from a hook, its edits are undone and the run stops.

    `code` is short, stable and in kebab-case, for scripts; `hint` says what to do now.
    """

    def __init__(self, code: str, message: str, hint: Optional[str] = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def ask(call: Callable[..., T], *arguments) -> T:
    """Makes a call of the host; what it refuses is raised as a `Failure`."""
    try:
        return call(*arguments)
    except Err as error:
        value = error.value
    raise Failure(value.code, value.message, value.hint)


def _guarded(function):
    @functools.wraps(function)
    def call(*arguments):
        try:
            return function(*arguments)
        except Failure as failure:
            told = types.Failure(failure.code, failure.message, failure.hint)
        except Exception as error:
            for line in traceback.format_exc().rstrip().splitlines():
                wire_log.log("error", line)
            told = types.Failure("exception", f"{type(error).__name__}: {error}", None)
        raise Err(told)

    return call


def hook(plugin: type) -> type:
    """Decorates the class of a hook: its methods may raise.

    A `Failure` is told as it is; any other exception as one with the code `exception`, and its traceback goes to the
    log.
    """
    for name, function in list(vars(plugin).items()):
        if callable(function) and not name.startswith("_"):
            setattr(plugin, name, _guarded(function))
    return plugin
