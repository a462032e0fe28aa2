"""Single calls of AWS, once the manifest grants `aws`; the host signs them."""

from dataclasses import dataclass
from typing import Optional

from wit_world.imports import aws as wire

from .failure import ask


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: str


def call(
    service: str,
    action: str,
    body: str = "",
    *,
    method: str = "POST",
    path: str = "/",
    headers: Optional[dict[str, str]] = None,
) -> Response:
    """Makes a call; `action` is the one that it needs, such as `sns:Publish`. An error in the answer is no failure."""
    fields = list((headers or {}).items())
    request = wire.Request(service, action, method, path, fields, body.encode())
    answer = ask(wire.call, request)
    return Response(answer.status, dict(answer.headers), answer.body.decode(errors="replace"))
