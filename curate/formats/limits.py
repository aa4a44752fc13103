"""Limits that a page meets before any step sees it; a page beyond one is `failed` with the limit's name."""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from curate.errors import PageError


@dataclass(frozen=True, slots=True)
class Limits:
    """The `[limits]` table of a configuration."""

    bytes: Annotated[int, Meta(ge=1, description="bytes of one page, decompressed")] = 20_000_000
    depth: Annotated[int, Meta(ge=1, description="levels of nested HTML elements, estimated before parsing (a browser stops at 512)")] = (
        1000
    )
    paragraphs: Annotated[int, Meta(ge=1, description="paragraphs of one page")] = 100_000
    line: Annotated[int, Meta(ge=1, description="characters of one paragraph")] = 1_000_000


def check(limits: Limits, name: str, found: int) -> None:
    """Raise PageError when `found` is beyond the limit `name`."""
    limit = getattr(limits, name)
    if found > limit:
        raise PageError(f"limit {name}", f"found {found:,}, the limit is {limit:,}")
