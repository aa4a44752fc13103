"""The rows that a run writes, as README describes them: clean, ledger, pages.

Every row has every field and no field is null: "" or 0 stands for nothing.
"""

from typing import Final

import msgspec

SCHEMA: Final = 1


class SourceRow(msgspec.Struct, frozen=True):
    """Where a page was read."""

    path: str
    record: int
    sha256: str
    encoding: str


class Made(msgspec.Struct, frozen=True):
    """What a clean document was made with."""

    version: str
    pipeline: str  # hash of the steps and their parameters
    rules: str  # hash of what those rule files do that can touch it
    schema: int


class CleanRow(msgspec.Struct, frozen=True):
    """One clean document, without the empty ones."""

    id: str
    text: str
    url: str
    title: str
    date: str
    lang: str
    lang_score: float
    doc: str
    source: SourceRow
    kept: list[int]
    read: int
    chars_read: int
    chars_kept: int
    meta: str
    curate: Made


class OfRow(msgspec.Struct, frozen=True):
    """What a duplicate repeats."""

    doc: str
    paragraph: int


class LedgerRow(msgspec.Struct, frozen=True):
    """One change, in the order in which the changes were made."""

    doc: str
    paragraph: int
    start: int
    end: int
    text: str
    new: str
    step: str
    rule: str
    measure: float
    limit: float
    of: OfRow


class Gap(msgspec.Struct, frozen=True):
    """White space that stands `times` times in a row: before the first paragraph, between two, after the last."""

    space: str
    times: int


class PageRow(msgspec.Struct, frozen=True):
    """One page, read or not."""

    doc: str
    id: str
    url: str
    source: SourceRow
    format: str  # of the file: text, html, jsonl
    dom: bool  # whether the page was HTML
    outcome: str  # kept, emptied, dropped, failed
    reason: str
    read: int
    chars_read: int
    layout: list[Gap]  # empty where one line break stands after each paragraph and nothing else
    raw: str  # the page's bytes in base64, only where decoding them cannot be undone
    tags: dict[str, str | float]
    measures: dict[str, list[float]]
