"""Rows as the columns of a Parquet file: the schema that their struct has, and writing and reading them.

All numbers are of 64 bits, as every reader of JSON takes them, so that a corpus has the same types in both formats. Nothing is null.
A field without a fixed type (tags, measures) is a string of JSON.
"""

import typing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

import msgspec

from curate.errors import PageError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

SUFFIX: Final = ".parquet"
Row = TypeVar("Row", bound=msgspec.Struct)

# What is measured is a row in MessagePack. Rows wait as Python objects, which take several times that, until there is a pack of them;
# packs wait as columns until there is a group. A group is what a reader takes in at once: large enough that its columns are compressed
# well and few requests fetch it from a store, small enough to be held several times over.
_PACK: Final = 1_000_000  # bytes
_GROUP: Final = 32_000_000  # bytes
_READ: Final = 1024  # rows that are made at a time

_encode: Final = msgspec.json.Encoder().encode
_measure: Final = msgspec.msgpack.Encoder().encode


def check() -> None:
    """Raises UsageError where Parquet cannot be written or read because the package for it is missing."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415  # an extra
    except ImportError:
        raise UsageError("rows in Parquet need pyarrow: pip install 'curate[parquet]'") from None


@cache
def schema(cls: type[msgspec.Struct]) -> "pa.Schema":
    """The schema of the rows of a struct."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    return pa.schema(list(_type(cls)))


@cache
def _hints(cls: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of a struct's fields, in their order."""
    hints = typing.get_type_hints(cls)
    return {name: hints[name] for name in cls.__struct_fields__}


def _type(hint: Any) -> "pa.DataType":  # noqa: ANN401  # type hints have no type
    """The Arrow type for a type of Python."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return pa.struct([pa.field(name, _type(of), nullable=False) for name, of in _hints(hint).items()])
    if typing.get_origin(hint) is list:
        return pa.list_(pa.field("element", _type(typing.get_args(hint)[0]), nullable=False))
    plain = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    return pa.string() if _is_json(hint) else plain[hint]


def _is_json(hint: Any) -> bool:  # noqa: ANN401  # as above
    """Whether values of a type are written as JSON."""
    return typing.get_origin(hint) is dict


@contextmanager
def writing(file: BinaryIO, cls: type[Row], codec: str, level: int | None) -> Iterator[Callable[[Sequence[Row]], None]]:
    """Write rows to a file, which is complete when the `with` ends well; gives the function that takes them.

    The same rows give the same bytes with one version of pyarrow.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415  # an extra

    writer = pq.ParquetWriter(file, schema(cls), compression=codec, compression_level=level)
    groups = _Groups(writer, cls)
    try:
        yield groups.add
        groups.end()
        writer.close()
    finally:
        writer.is_open = False  # where all has failed it would try once more when it is collected, on a file that is closed by then


class _Groups:
    """Puts rows together to row groups."""

    def __init__(self, writer: "pq.ParquetWriter", cls: type[msgspec.Struct]) -> None:
        self._writer, self._cls = writer, cls
        self._rows: list[msgspec.Struct] = []
        self._packs: list[pa.RecordBatch] = []
        self._in_rows = self._in_packs = 0  # bytes

    def add(self, rows: Sequence[msgspec.Struct]) -> None:
        """Take rows."""
        for row in rows:
            self._rows.append(row)
            self._in_rows += len(_measure(row))
            if self._in_rows >= _PACK:
                self._pack()
            if self._in_packs >= _GROUP:
                self._group()

    def end(self) -> None:
        """Write what is left."""
        self._pack()
        self._group()

    def _pack(self) -> None:
        import pyarrow as pa  # noqa: PLC0415  # an extra

        columns = [_column(self._rows, name, hint) for name, hint in _hints(self._cls).items()]
        self._packs.append(pa.RecordBatch.from_arrays(columns, schema=schema(self._cls)))
        self._in_packs += self._in_rows
        self._rows, self._in_rows = [], 0

    def _group(self) -> None:
        import pyarrow as pa  # noqa: PLC0415  # an extra

        table = pa.Table.from_batches(self._packs, schema=schema(self._cls))
        if table.num_rows:
            self._writer.write_table(table, row_group_size=table.num_rows)
        self._packs, self._in_packs = [], 0


def _column(rows: Sequence[msgspec.Struct], name: str, hint: Any) -> "pa.Array":  # noqa: ANN401  # as above
    """One field of all rows."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    values = [getattr(row, name) for row in rows]
    plain = [_encode(value).decode("utf-8") for value in values] if _is_json(hint) else msgspec.to_builtins(values)
    return pa.array(plain, type=_type(hint))


def reading(file: BinaryIO, cls: type[Row]) -> Iterator[Row]:
    """The rows of a file, or of those columns that a struct has fields for; the file can be sought in.

    Raises msgspec.DecodeError for other rows, and PageError or OSError for what is no whole file.
    """
    import pyarrow as pa  # noqa: PLC0415  # an extra
    import pyarrow.parquet as pq  # noqa: PLC0415  # an extra

    hints = _hints(cls)
    try:
        with pq.ParquetFile(file) as found:
            for batch in found.iter_batches(_READ, columns=list(hints), use_threads=False):
                for row in batch.to_pylist():
                    yield msgspec.convert(
                        {name: msgspec.json.decode(value) if _is_json(hints.get(name)) else value for name, value in row.items()}, cls
                    )
    except pa.ArrowException as problem:
        raise PageError("broken Parquet", str(problem)) from None
