"""The rows of a finished run read again, whatever they were written as."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec

from curate.errors import PageError, UsageError
from curate.formats import columns
from curate.formats.inputs import OUTPUT
from curate.formats.opening import opened, raw
from curate.places import Place
from curate.stores.objects import reached

Row = TypeVar("Row", bound=msgspec.Struct)


def rows_of(out: Place, kind: str, cls: type[Row]) -> Iterator[Row]:
    """The rows of a kind (clean, ledger, pages) of a run, in their order; of a struct with some of their fields, these."""
    for path in files_of(out, kind):
        yield from rows(path, cls)


def files_of(out: Place, kind: str) -> list[Place]:
    """The files with the rows of one kind, by the numbers of their shards."""
    with reached("looking into", out):
        found = list(out.glob(f"{kind}-*"))
    return sorted((path for path in found if OUTPUT.fullmatch(path.name)), key=lambda path: path.name)


def rows(path: Place, cls: type[Row]) -> Iterator[Row]:
    """The rows of a file; raises UsageError where it is damaged or not there."""
    try:
        if path.name.endswith(columns.SUFFIX):
            columns.check()
            with raw(str(path)) as file:
                yield from columns.reading(file, cls)
        else:
            decode = msgspec.json.Decoder(cls).decode
            with opened(str(path)) as lines:
                for line in lines:
                    yield decode(line)
    except (PageError, ValueError) as problem:  # of text that is no UTF-8, and msgspec's, which is a ValueError
        raise UsageError(f"{path} is damaged or missing ({problem}): the run is not complete") from None
