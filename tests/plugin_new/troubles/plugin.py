import socket
import time

from phalanx import edit, run
from phalanx.failure import Failure, hook


def deep(value):
    return value.missing.property


@hook
class TemplateDecorate:
    def decorate_service(self) -> None:
        mode = run.config()["mode"]
        if mode == "print":
            print("mode", mode)
        if mode == "failure":
            raise Failure("no-topic", "the topic is missing", "add it")
        if mode == "host":
            edit.add("Nonsense", "X", 1)
        if mode == "exception":
            deep({})
        if mode == "loop":
            while True:
                pass
        if mode == "recurse":
            again = lambda n: again(n + 1) + 1
            again(0)
        if mode == "memory":
            held = []
            while True:
                held.append(bytearray(1_000_000))
        if mode == "flood":
            for _ in range(4000):
                print("x" * 1000)
        if mode == "network":
            socket.socket().connect(("127.0.0.1", 9))
        if mode == "file":
            open("/etc/passwd")
        if mode == "time":
            raise Failure("time", time.strftime("%Y-%m-%d", time.gmtime()))

    def decorate_function(self, function: str, logical_id: str) -> None:
        pass


class Configurable:
    def config_schema(self) -> str:
        return "{}"
