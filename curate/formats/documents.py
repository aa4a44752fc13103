"""Documents on disk between the parts of a run: everything that later steps and the rows need, in one compressed file.

A document is a MessagePack array of its fields; arrays of numbers are their bytes as they lie in memory, little-endian. What is
derived from the text (folded copy, words) is not written down: it is made anew on first use.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from curate.document import NO_FACTS, Applied, Document, Facts, Source
from curate.errors import SurroundingsError
from curate.places import Place, shown
from curate.stores.objects import streamed
from curate.text.codepoints import Ints

_LEVEL: Final = 1  # the file lives as long as the run's folder of work; it is written and read once
_LENGTH: Final = 4  # bytes of the length that stands before each document


class _Facts(msgspec.Struct, array_like=True):
    """`Facts`: lists of strings as they are, arrays as bytes, covers as ascending lists of which equal ones stand once."""

    tags: Sequence[str]
    arrays: list[bytes]  # see `_ARRAYS`
    element_tags: Sequence[str]
    element_parents: list[int]
    element_names: Sequence[str]
    covers: list[list[int]]  # the different sets
    element_covers: list[int]  # for each element which of them
    element_attributes: Sequence[Mapping[str, str | None]]


class _Stored(msgspec.Struct, array_like=True):
    """`Document`, field by field."""

    page: str
    starts: bytes
    ends: bytes
    blank_before: bytes
    live: bytes
    source: Source
    texts: list[str]  # see `_TEXTS`
    raw: bytes
    is_html: bool
    facts: msgspec.Raw  # `_Facts`, or nothing: read only when a step asks for them
    selectors: tuple[str, ...]
    tags: dict[str, str | int | float]
    measures: dict[str, list[float]]
    held: frozenset[int]
    changes: list[Applied]
    read: int
    chars_read: int


_ARRAYS: Final = ("link_chars", "headings", "flags", "elements", "element_firsts", "element_ends", "strong_chars", "links", "media")
_TEXTS: Final = (
    *("doc", "id", "url", "site", "title", "date", "site_name", "declared_lang", "generator", "description", "article_body"),
    *("meta", "format", "outcome", "reason"),
)


def encode(doc: Document) -> bytes:
    """A document as bytes."""
    stored = _Stored(
        page=doc.page,
        starts=_bytes(doc.starts),
        ends=_bytes(doc.ends),
        blank_before=np.packbits(doc.blank_before).tobytes(),
        live=np.packbits(doc.live).tobytes(),
        source=doc.source,
        texts=[getattr(doc, name) for name in _TEXTS],
        raw=doc.raw,
        is_html=doc.is_html,
        facts=_NONE if doc.facts is NO_FACTS else msgspec.Raw(_encoder.encode(_of_facts(doc.facts))),
        selectors=doc.selectors,
        tags=doc.tags,
        measures=doc.measures,
        held=doc.held,
        changes=doc.changes,
        read=doc.read,
        chars_read=doc.chars_read,
    )
    return _encoder.encode(stored)


def decode(data: bytes | memoryview) -> Document:
    """The document of `encode`; raises msgspec.DecodeError for other bytes."""
    stored = _decoder.decode(data)
    doc = Document(
        stored.page,
        _ints(stored.starts),
        _ints(stored.ends),
        blank_before=_bools(stored.blank_before, stored.read),
        source=stored.source,
        facts=NO_FACTS if stored.facts == _NONE else partial(_facts, stored.facts),
        is_html=stored.is_html,
    )
    doc.live = _bools(stored.live, stored.read)
    for name, text in zip(_TEXTS, stored.texts, strict=True):
        setattr(doc, name, text)
    for name in ("raw", "selectors", "tags", "measures", "held", "changes", "read", "chars_read"):
        setattr(doc, name, getattr(stored, name))
    return doc


def _of_facts(facts: Facts) -> _Facts:
    numbers: dict[frozenset[int], int] = {}
    element_covers = [numbers.setdefault(covers, len(numbers)) for covers in facts.element_covers]
    return _Facts(
        tags=facts.tags,
        arrays=[_bytes(getattr(facts, name)) for name in _ARRAYS],
        element_tags=facts.element_tags,
        element_parents=list(facts.element_parents),
        element_names=facts.element_names,
        covers=list(map(sorted, numbers)),
        element_covers=element_covers,
        element_attributes=facts.element_attributes,
    )


def _facts(raw: msgspec.Raw) -> Facts:
    """The inverse of `_of_facts`, from bytes."""
    stored = _facts_decoder.decode(raw)
    covers = list(map(frozenset, stored.covers))
    return Facts(
        tags=stored.tags,
        element_tags=stored.element_tags,
        element_parents=stored.element_parents,
        element_names=stored.element_names,
        element_covers=[covers[number] for number in stored.element_covers],
        element_attributes=stored.element_attributes,
        **dict(zip(_ARRAYS, map(_ints, stored.arrays), strict=True)),
    )


def _bytes(numbers: Ints) -> bytes:
    return np.asarray(numbers, dtype="<i4").tobytes()


def _ints(data: bytes) -> Ints:
    return np.frombuffer(data, dtype="<i4").astype(np.int32)  # a copy, which may be written to


def _bools(data: bytes, count: int) -> NDArray[np.bool_]:
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=count).astype(np.bool_)


def _plain(value: object) -> object:
    """Numbers that steps left as numpy has them; they come back as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a document holds {type(value).__name__}, which cannot be written down: {value!r}")


_encoder: Final = msgspec.msgpack.Encoder(enc_hook=_plain)
_decoder: Final = msgspec.msgpack.Decoder(_Stored)
_facts_decoder: Final = msgspec.msgpack.Decoder(_Facts)
_NONE: Final = msgspec.Raw(_encoder.encode(None))


@contextmanager
def writing(path: Path) -> Iterator[Callable[[bytes], None]]:
    """A function that adds an encoded document to a file, which is complete and on the disk when the `with` has ended well."""
    with path.open("wb") as file:
        with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(file, closefd=False) as stream:

            def write(data: bytes) -> None:
                stream.write(len(data).to_bytes(_LENGTH, "little"))
                stream.write(data)

            yield write
            write(b"")  # the mark of the end: a frame that is cut off reads as if it ended there
        file.flush()
        os.fsync(file.fileno())


def reading(path: Path | Place) -> Iterator[Document]:
    """The documents of a file, in order; raises SurroundingsError where they cannot be read."""
    where = shown(str(path))
    try:
        with streamed(path) as file, zstandard.ZstdDecompressor().stream_reader(file) as stream:
            while data := _next(stream):
                yield decode(data)
    except (OSError, EOFError, zstandard.ZstdError, msgspec.DecodeError) as problem:
        raise SurroundingsError(f"{where} cannot be read ({problem}); take its folder away and run again") from None


def _next(stream: zstandard.ZstdDecompressionReader) -> bytes:
    """The next document's bytes, none at the mark of the end."""
    size = stream.read(_LENGTH)
    data = stream.read(int.from_bytes(size, "little"))
    if len(size) < _LENGTH or len(data) < int.from_bytes(size, "little"):
        raise EOFError("it is cut off")
    return data
