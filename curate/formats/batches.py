"""Batches of rows in the columns of Arrow, as Parquet and Arrow files give them: each row a record, with values that JSON can hold.

What JSON has no type for: times and dates are text in ISO 8601, durations integers of their unit, decimals text, bytes text where they are
UTF-8 and base64 elsewhere, NaN and the infinities null; of two fields of one name the last counts, and of two equal keys of a map.
Nothing depends on which other packages are installed: with pandas, say, pyarrow gives other objects for times.
"""

from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from curate.errors import PageError
from curate.formats.content import Content, Found
from curate.formats.limits import Limits
from curate.formats.record import Fields, content, plain, size_checked

if TYPE_CHECKING:
    import pyarrow as pa

# Rows that are Python objects at a time. Pages that are equal are in a file once, so what many rows take cannot be told beforehand.
ROWS: Final = 64


def found(batch: "pa.RecordBatch", first: int, fields: Fields, limits: Limits, broken: str) -> Iterator[Found]:
    """What is in the rows of a batch, of which the first has the number `first` in its file; `broken` is the reason where it is broken."""
    for start in range(0, batch.num_rows, ROWS):
        part = batch.slice(start, ROWS)
        try:
            records = _records(part, {fields.text, fields.html})
        except failures() as problem:
            yield lost(first + start, first + start + part.num_rows, broken, problem)
            continue
        for number, record in enumerate(records, first + start):
            yield Found(number, number + 1, _content(record, fields, limits))


def failures() -> tuple[type[Exception], ...]:
    """What pyarrow raises for what is broken."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    return (pa.ArrowException, OSError, ValueError, MemoryError)


def lost(first: int, end: int, reason: str, problem: BaseException | str) -> Found:
    """What stands for the rows [first, end) of a file, which cannot be read."""
    said = str(problem).partition("\n")[0]
    return Found(first, end, PageError(reason, f"rows {first:,} to {end - 1:,} are lost: {said}"))


def _records(batch: "pa.RecordBatch", pages: set[str]) -> list[dict[str, Any]]:
    names = batch.schema.names
    columns = [_page(column) if name in pages else _values(column) for name, column in zip(names, batch.columns, strict=True)]
    rows = zip(*columns, strict=True) if columns else iter([()] * batch.num_rows)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _content(record: dict[str, Any], fields: Fields, limits: Limits) -> Content | PageError:
    try:
        return size_checked(content(record, fields), limits)
    except PageError as problem:
        return problem


def _page(column: "pa.Array") -> list[Any]:
    """The values of a column that may hold pages: text where it is sound, bytes otherwise."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    column = _stored(column)
    if not (_is_text(column.type) or _is_bytes(column.type)):
        return _values(column)
    try:
        return _python(column)
    except UnicodeDecodeError:  # nobody has looked at what a file calls text
        return _python(column.cast(pa.large_binary()))


def _values(column: "pa.Array") -> list[Any]:
    """The values of a column as JSON can hold them."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    column = _stored(column)
    of = column.type
    if _is_text(of) or _is_bytes(of):
        return [plain(value) if isinstance(value, bytes) else value for value in _page(column)]
    if pa.types.is_floating(of):
        return [value if value is None or isfinite(value) else None for value in _python(column)]
    if pa.types.is_boolean(of) or pa.types.is_integer(of) or pa.types.is_null(of):
        return _python(column)
    if pa.types.is_duration(of):
        return _python(column.cast(pa.int64()))
    if pa.types.is_temporal(of) and not pa.types.is_interval(of):
        return _times(column)
    return _nested(column)


def _python(column: "pa.Array") -> list[Any]:
    values: list[Any] = column.to_pylist()
    return values


def _nested(column: "pa.Array") -> list[Any]:
    """The values of a column whose values have parts; of a type that JSON has nothing like, what Python writes for them."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    of = column.type
    if pa.types.is_struct(of):
        names = [of.field(number).name for number in range(of.num_fields)]
        parts = [_values(part) for part in column.flatten()]
        there = _python(column.is_valid())
        return [dict(zip(names, (part[n] for part in parts), strict=True)) if is_there else None for n, is_there in enumerate(there)]
    if pa.types.is_map(of):
        return [_map(one.values) if one.is_valid else None for one in column]
    if type(column) in _lists():
        return [_values(one.values) if one.is_valid else None for one in column]
    return [None if value is None else str(value) for value in _python(column)]


def _lists() -> tuple[type, ...]:
    import pyarrow as pa  # noqa: PLC0415  # an extra

    return (pa.ListArray, pa.LargeListArray, pa.FixedSizeListArray, pa.ListViewArray, pa.LargeListViewArray)


def _map(entries: "pa.StructArray") -> dict[str, Any]:
    keys, values = map(_values, entries.flatten())
    return {key if isinstance(key, str) else str(key): value for key, value in zip(keys, values, strict=True)}


def _times(column: "pa.Array") -> list[str | None]:
    """Times and dates in ISO 8601; those that belong to a time zone in UTC, as they are stored."""
    import pyarrow as pa  # noqa: PLC0415  # an extra

    zone = ""
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        column, zone = column.cast(pa.timestamp(column.type.unit)), "Z"
    return [None if text is None else _short(text) + zone for text in _python(column.cast(pa.string()))]


def _short(time: str) -> str:
    """A time as Arrow writes it, with a T and without a fraction of zeros."""
    whole, point, fraction = time.replace(" ", "T", 1).partition(".")
    return f"{whole}{point}{fraction}" if fraction.strip("0") else whole


def _stored(column: "pa.Array") -> "pa.Array":
    """The values of a column as they are, where it holds them in another form."""
    import pyarrow as pa  # noqa: PLC0415  # an extra
    import pyarrow.compute as pc  # noqa: PLC0415  # an extra

    while True:
        if isinstance(column, pa.ExtensionArray):
            column = column.storage
        elif pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        elif pa.types.is_run_end_encoded(column.type):
            column = pc.run_end_decode(column)
        else:
            return column


def _is_text(of: "pa.DataType") -> bool:
    import pyarrow as pa  # noqa: PLC0415  # an extra

    return bool(pa.types.is_string(of) or pa.types.is_large_string(of) or pa.types.is_string_view(of))


def _is_bytes(of: "pa.DataType") -> bool:
    import pyarrow as pa  # noqa: PLC0415  # an extra

    types = pa.types
    return bool(types.is_binary(of) or types.is_large_binary(of) or types.is_fixed_size_binary(of) or types.is_binary_view(of))
