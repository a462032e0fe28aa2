"""Container images, once the manifest grants `images`."""

from typing import Optional

from wit_world.imports import images as wire
from wit_world.imports.images import BuildRequest, BuiltImage, PushedImage, will_push

from .failure import ask

__all__ = [
    "BuildRequest", "BuiltImage", "PushedImage", "build", "check", "find", "fingerprint", "list", "push", "remove",
    "request", "will_push",
]


def request(
    tag: str,
    *,
    context_dir: str = ".",
    dockerfile: str = "Dockerfile",
    args: Optional[dict[str, str]] = None,
    platform: Optional[str] = None,
    target: Optional[str] = None,
    labels: Optional[dict[str, str]] = None,
    cache_from: "Optional[list[str]]" = None,
) -> BuildRequest:
    """What an image is built of, with the usual for what is left out."""
    pairs = lambda table: [*(table or {}).items()]
    return BuildRequest(
        context_dir, dockerfile, pairs(args), tag, platform, target, pairs(labels), cache_from or []
    )


def check(image: BuildRequest, repository: str) -> None:
    """Finds out what would keep the image from being built or pushed."""
    ask(wire.check, image, repository)


def fingerprint(image: BuildRequest) -> str:
    """Digest of everything that goes into the image."""
    return ask(wire.fingerprint, image)


def find(repository: str, tag: str) -> Optional[PushedImage]:
    """The image in ECR with this tag, or none."""
    return ask(wire.find_in_ecr, repository, tag)


def build(image: BuildRequest) -> BuiltImage:
    return ask(wire.build, image)


def push(image: str, repository: str, tag: str) -> PushedImage:
    return ask(wire.push_to_ecr, image, repository, tag)


def list(repository: str) -> "list[PushedImage]":
    return ask(wire.list_in_ecr, repository)


def remove(repository: str, tag: str) -> bool:
    return ask(wire.delete_from_ecr, repository, tag)
