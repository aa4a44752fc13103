"""What a large crawl costs, worked out from the units that `units.py` has measured: the tables of docs/costs.md.

    python tests/scale/costs.py build/units/units.json

Nothing here is measured. What is assumed stands in the constants, and in docs/costs.md beside the tables.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click
from units_table import number

TERABYTE: Final = 1e12  # of WARC.gz
ROWS: Final = 1e10  # paragraphs that corpus steps look at
FILE: Final = 1e9  # bytes of a WARC.gz file: each is a shard
PIECE: Final = 1 << 16  # paragraphs, see curate/duplicates/documents.py
MOST_ROWS: Final = 1 << 32
MOST_PAIRS: Final = 1e8
MEMORY: Final = 64e9  # of the machine that the driver runs on
TASK: Final = 1 << 30  # bytes that a task may take (`--memory` by workers)
KEYS: Final = 20 * 96  # bytes that the keys of a paragraph take in a partition

_HOUR: Final = 3600
_STEPS: Final = ("site-lines", "duplicate-documents", "duplicate-paragraphs")
_BEFORE: Final = ("fix-encoding", "language", "site-rules", "page-model", "repeats")

Units = Mapping[str, float]


@click.command()
@click.argument("units", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(units: Path) -> None:
    """Print the tables."""
    known = {unit["name"]: unit["value"] for unit in json.loads(units.read_bytes())}
    for title, rows in tables(known):
        click.echo(f"## {title}\n\n{table(rows)}")


def tables(u: Units) -> Iterator[tuple[str, Iterator[tuple[str, ...]]]]:
    """All tables by their titles."""
    yield "What is in it", crawl(u)
    yield "CPU", cpu(u)
    yield "Bytes, files, memory", stored(u)
    yield "Ten billion paragraphs", paragraphs(u)
    yield "What ends first", ends(u)


def table(rows: Iterable[tuple[str, ...]]) -> str:
    """Rows as Markdown."""
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def crawl(u: Units) -> Iterator[tuple[str, ...]]:
    """What a terabyte of WARC.gz holds, if its pages are as the generated ones."""
    pages = _pages(u)
    yield "in 1 TB of WARC.gz", ""
    yield "---", "---:"
    yield "pages", _many(pages)
    yield "HTML", _bytes(pages * u["HTML a page"])
    yield "paragraphs read", _many(pages * u["paragraphs read"])
    yield "characters read", _many(pages * u["characters read"])
    yield "paragraphs that corpus steps look at", _many(_rows(u))
    yield "characters kept", _many(pages * u["characters kept"])


def cpu(u: Units) -> Iterator[tuple[str, ...]]:
    """Core-hours of a terabyte, and how often they go into those that zlib takes for its HTML."""
    zlib = _pages(u) * u["HTML a page"] / 1e6 / u["yardstick zlib"] / _HOUR
    steps = {name: u[f"step {name}"] for name in _BEFORE}
    each = {"read and parse": u["warc.gz, read and parsed"], **steps}
    each["sketch, put by"] = u["stage clean"] - sum(each.values())
    hours = {name: _pages(u) * ms / 1e3 / _HOUR for name, ms in each.items()}
    hours |= {f"settle: {name}": _settling(u, name) * _rows(u) / 1e6 / _HOUR for name in _STEPS}
    hours["finish: apply, write"] = _pages(u) * u["stage finish"] / 1e3 / _HOUR
    yield "1 TB of WARC.gz", "core-hours", "of zlib's"
    yield "---", "---:", "---:"
    for name, value in hours.items():
        yield name, number(value), f"{value / zlib:.2f}"
    total = sum(hours.values())
    yield "**all**", f"**{number(total)}**", f"**{total / zlib:.2f}**"
    text = hours["language"] * u["step language, on pages that are in one"] / u["step language"]
    yield (
        "all, with `language` as on pages that are in one",
        number(total - hours["language"] + text),
        f"{(total - hours['language'] + text) / zlib:.2f}",
    )
    yield "zlib, level 6, of the HTML", number(zlib), "1"


def stored(u: Units) -> Iterator[tuple[str, ...]]:
    """What a terabyte leaves, takes meanwhile, and asks of the driver."""
    pages, rows, shards = _pages(u), _rows(u), TERABYTE / FILE
    pieces = shards * max(rows / shards / PIECE, 1)
    yield "1 TB of WARC.gz", ""
    yield "---", "---:"
    for kind in ("clean rows", "pages rows", *(f"ledger {level}{zst}" for level in ("full", "spans") for zst in ("", ", zst"))):
        yield f"{kind}", _bytes(pages * u[kind])
    yield "`.curate`: documents put by", _bytes(pages * u[".curate, documents put by"])
    yield "`.curate`: sketches and tables", _bytes(pages * u[".curate, tables"])
    yield "settling reads and writes (the shuffle)", _bytes(rows * _shuffled(u))
    yield (
        f"files, of {shards:,.0f} shards in {_many(pieces)} pieces",
        _many(pieces * u["files of a piece"] + shards * u["files of a shard besides"]),
    )
    yield "memory of the driver", _bytes(_driver(u, rows))


def paragraphs(u: Units) -> Iterator[tuple[str, ...]]:
    """The corpus steps alone, on so many paragraphs of text; no run does that, see `ends`."""
    partitions = ROWS * KEYS / TASK
    yield "", ""
    yield "---", "---:"
    yield (
        "read, sketch, put by, settle, write: core-hours",
        number(ROWS * u["text with the corpus steps alone, whole run"] / u["rows of a text document"] / 1e3 / _HOUR),
    )
    for name in _STEPS:
        yield f"of these `{name}` settling", number(ROWS * _settling(u, name) / 1e6 / _HOUR)
    yield "of these in the driver, one after another", number(ROWS * sum(u[f"{name}, driver"] for name in _STEPS) / 1e6 / _HOUR)
    yield "sketches and tables", _bytes(ROWS * sum(u[f"table of {name}"] for name in ("documents", "shingles", "lines")))
    yield "settling reads and writes (the shuffle)", _bytes(ROWS * _shuffled(u))
    yield "pairs compared, of paragraphs", _many(ROWS * u["duplicate-paragraphs, pairs compared"])
    yield "pairs near", _many(ROWS * u["duplicate-paragraphs, pairs near"])
    yield "pieces", _many(ROWS / PIECE)
    yield "partitions of keys, 1 GiB a task", _many(partitions)
    yield "tables opened in joining", _many(partitions * ROWS / PIECE)
    yield "core-hours for that", number(partitions * ROWS / PIECE * u["opening a table"] / 1e6 / _HOUR)
    yield "memory of the driver", _bytes(_driver(u, ROWS))


class _End(NamedTuple):
    """Something of which there is only so much."""

    what: str
    rows: Callable[[Units], float]  # paragraphs at which it is used up


_ENDS: Final = (
    _End("pairs of paragraphs that are near: 10⁸", lambda u: MOST_PAIRS / u["duplicate-paragraphs, pairs near"]),
    _End("exact copies of paragraphs: 10⁸", lambda u: MOST_PAIRS / u["duplicate-paragraphs, exact copies"]),
    _End("memory of the driver: 64 GB", lambda u: MEMORY / _driver(u, 1)),
    _End("memory of the driver: 64 GB, if nothing repeats", lambda u: MEMORY / _driver(u, 1, repeats=False)),
    _End("memory of the driver: 64 GB, if nothing repeats or is dated", lambda u: MEMORY / _driver(u, 1, dated=False, repeats=False)),
    _End("opening tables costs as much as joining them, 1 GiB a task", lambda u: _opening(u, TASK)),
    _End("opening tables costs as much as joining them, 16 GiB a task", lambda u: _opening(u, 16 * TASK)),
    _End("numbers of rows: 2³²", lambda _: MOST_ROWS),
)


def ends(u: Units) -> Iterator[tuple[str, ...]]:
    """What is used up at how many paragraphs, the first one first."""
    yield "what", "paragraphs", "TB of WARC.gz"
    yield "---", "---:", "---:"
    a_terabyte = _rows(u)
    for end in sorted(_ENDS, key=lambda end: end.rows(u)):
        yield end.what, _many(end.rows(u)), number(end.rows(u) / a_terabyte)


def _pages(u: Units) -> float:
    return TERABYTE / u["warc.gz, stored"]


def _rows(u: Units) -> float:
    return _pages(u) * u["rows for the corpus steps"]


def _settling(u: Units, step: str) -> float:
    """µs of CPU a paragraph, of tasks and driver."""
    return sum(value for name, value in u.items() if name.startswith((f"{step}, tasks", f"{step}, driver")) and not name.endswith("a pair"))


def _shuffled(u: Units) -> float:
    """Bytes a paragraph that settling reads of the sketches, and writes and reads again meanwhile."""
    return sum(u[f"{step}, sketches read"] + 2 * u[f"{step}, written meanwhile"] for step in _STEPS)


def _driver(u: Units, rows: float, *, dated: bool = True, repeats: bool = True) -> float:
    """Bytes that the driver holds: what is alive, and the most that one step takes besides."""
    documents = rows / u["rows of a text document"]
    order = u[f"driver, order of documents {'with' if dated else 'without'} dates"]
    pairs = u["duplicate-paragraphs, pairs near"] * u["driver, memory for a pair that is near"]
    copies = u["duplicate-paragraphs, exact copies"] * u["driver, memory for an exact copy"]
    chosen = rows * (pairs + copies) * repeats
    held = rows * u["driver, what is alive and what it went for"]
    return held + max(documents * u["site-lines, memory of the driver"], documents * order, chosen)


def _opening(u: Units, task: float) -> float:
    """Paragraphs at which the tasks of the join take as long to open tables as to join what is in them."""
    return u["duplicate-paragraphs, tasks candidates"] * task * PIECE / (KEYS * u["opening a table"])


def _many(value: float) -> str:
    """A number with a word for its size."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{number(value / size)} {word}"
    return number(value)


def _bytes(value: float) -> str:
    for size, unit in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if value >= size:
            return f"{number(value / size)} {unit}"
    return f"{number(value)} bytes"


if __name__ == "__main__":
    main()
