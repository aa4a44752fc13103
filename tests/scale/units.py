"""What each part of the work costs, a page, a paragraph or a pair at a time, measured in one run on generated input.

    python tests/scale/units.py -o build/units

writes `units.json` and prints the table; `costs.py` works out from it what a large crawl costs. Times are CPU seconds of this machine:
the yardsticks, measured in the same run, say how to carry them to another one.
"""

import json
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import numpy as np
import of_pages
import of_rows
import warcs
from generate import World
from rates import best
from units_table import Unit, markdown

_ROUNDS: Final = 3
_SAMPLES: Final = Path(__file__).parent.parent.parent / "samples" / "pages"


@click.command()
@click.option("--pages", default=300, show_default=True, help="pages of a crawl, 112 kB of HTML each")
@click.option("--documents", default=20_000, show_default=True, help="documents of 3 to 8 paragraphs, of which some repeat others")
@click.option("-o", "to", type=click.Path(path_type=Path), default=Path("build/units"), show_default=True)
def main(pages: int, documents: int, to: Path) -> None:
    """Measure, print and write down."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    units = []
    for unit in measured(pages, documents, to):
        click.echo(f"{unit.name:48} {unit.value:14,.3f} {unit.unit}")
        units.append(unit)
    (to / "units.json").write_text(json.dumps([unit._asdict() for unit in units], indent=1) + "\n")
    (to / "units.md").write_text(markdown(units))


def measured(pages: int, documents: int, to: Path) -> Iterator[Unit]:
    """All units."""
    yield from yardsticks()
    crawl = World(pages)
    yield from of_pages.reading(crawl, to)
    yield from of_pages.cleaning(to / "crawl.warc.gz", to)
    yield from of_pages.in_languages(_SAMPLES)
    yield from of_rows.settling(World(documents), to)
    yield from of_rows.choosing()
    yield from yardsticks(" again")


def yardsticks(again: str = "") -> Iterator[Unit]:
    """What this machine does in a CPU second; asked before and after, since other work on it slows it down."""
    text = warcs.html(World(10).page(1)).encode() * 20
    numbers = np.random.default_rng(1).integers(0, 1 << 63, 2_000_000, dtype=np.uint64)
    yield Unit(f"yardstick zlib{again}", len(text) / best(lambda: zlib.compress(text, 6), _ROUNDS), "MB of HTML a CPU second, level 6")
    yield Unit(f"yardstick sort{again}", len(numbers) / best(lambda: np.sort(numbers), _ROUNDS), "million u64 a CPU second")


if __name__ == "__main__":
    main()
