"""How fast paragraphs are sketched, signed and verified, in one process, beside datasketch's own MinHash on the same shingles.

CPU seconds of one machine are no result; their ratios are. `python tests/scale/rates.py` prints both.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final, NamedTuple

import click
import datasketch
import numpy as np
from generate import World

from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.document import Document, document_of_lines
from curate.duplicates.corpus import DOCUMENTS, Corpus, Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.sketch import Shingled
from curate.duplicates.table import Table, read, write
from curate.text.minhash import signatures

PARAGRAPHS: Final = 20  # of a document
WORDS: Final = 60  # of a paragraph
SIGNED: Final = Shingled().bands * Shingled().rows
_COPIES: Final = 10  # of each document, with a word of each paragraph changed: each is near all others
_BY_DATASKETCH: Final = 2000  # paragraphs
_ROUNDS: Final = 5
_MEMORY: Final = 1 << 30


class Rate(NamedTuple):
    """What was done how fast; the best of some rounds, as a machine's other work only ever slows one down."""

    name: str
    microseconds: float  # of CPU, a paragraph or pair


@click.command()
@click.option("--documents", default=500, show_default=True)
def main(documents: int) -> None:
    """Print what each costs, and how often it goes into what datasketch takes to sign."""
    found = rates(documents)
    own = next(rate.microseconds for rate in found if rate.name == "datasketch")
    for rate in found:
        a_second, times = 1e6 / rate.microseconds, own / rate.microseconds
        click.echo(f"{rate.name:12} {rate.microseconds:8.2f} µs {a_second:10,.0f} a CPU second {times:7.1f} × datasketch")


def rates(documents: int) -> list[Rate]:
    """Each figure for documents of 20 paragraphs of 60 words."""
    texts = list(near_texts(documents))
    table = _sketch(fresh(texts))
    flat, at = table["shingles"], table["at"]
    rows = len(at) - 1
    some = [flat[at[row] : at[row + 1]].tolist() for row in range(min(rows, _BY_DATASKETCH))]
    unseen = [fresh(texts) for _ in range(_ROUNDS)]
    return [
        Rate("sketch", best(lambda: _sketch(unseen.pop())) / rows),
        Rate("sign", best(lambda: signatures(flat, at, SIGNED)) / rows),
        Rate("verify", min(_verification(texts, table) for _ in range(_ROUNDS))),
        Rate("datasketch", best(lambda: datasketch.MinHash.bulk(some, num_perm=SIGNED, scheme="affine32", hashfunc=_itself)) / len(some)),
    ]


def near_texts(documents: int, *, changed: bool = True) -> Iterator[str]:
    """Texts of which each is near nine others, paragraph by paragraph; or the same as these."""
    world = World(documents, paragraphs=(PARAGRAPHS, PARAGRAPHS), words=(WORDS, WORDS))
    for number in range(documents):
        lines = world.page(number // _COPIES).text.split("\n")[:PARAGRAPHS]
        yield "\n".join(f"{line[:-1]} {number}." if changed else line for line in lines)


def fresh(texts: Sequence[str]) -> list[Document]:
    """Documents of which nothing but the lines is known yet."""
    documents = [document_of_lines(text) for text in texts]
    for number, document in enumerate(documents):
        document.doc = str(number)
    return documents


def _sketch(docs: list[Document]) -> Table:
    """The whole sketch: folding, words, shingles, signatures, keys of bands."""
    sketching = Shingled().begin()
    for doc in docs:
        sketching.add(doc)
    return sketching.table()


@dataclass
class _Timed:
    """A map that notes what each function took, and which files it answered with."""

    seconds: Counter[str] = field(default_factory=Counter)
    answers: dict[str, list[Any]] = field(default_factory=dict)

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        for item in items:
            began = process_time()
            answer = function(item)
            self.seconds[function.__name__] += process_time() - began
            self.answers.setdefault(function.__name__, []).append(answer)
            yield answer


def _verification(texts: Sequence[str], table: Table) -> float:
    """Microseconds for each pair that is compared, with the reading of the sketches and the writing of what is near."""
    documents, timed = Documents(), _Timed()
    for document in fresh(texts):
        documents.add(document)
    with TemporaryDirectory() as folder:
        shard, work = Path(folder) / "shard", Path(folder) / "work"
        shard.mkdir()
        work.mkdir()
        write(shard / f"{DOCUMENTS}.table", documents.table())
        write(shard / f"{Shingled().name}.table", table)
        alive = np.ones(len(table["exact"]), dtype=np.bool_)
        DuplicateParagraphs().settle(Corpus((Sketched(shard),), (alive,), _MEMORY, timed.map, work))
        pairs = np.unique(np.concatenate([read(path)["pairs"] for path in timed.answers["candidates"]]))
    return timed.seconds["verify"] / len(pairs) * 1e6


def _itself(value: int) -> int:
    return value


def best(work: Callable[[], object], rounds: int = _ROUNDS) -> float:
    """Microseconds of CPU, of the round that took the least."""
    taken = []
    for _ in range(rounds):
        began = process_time()
        work()
        taken.append(process_time() - began)
    return min(taken) * 1e6


if __name__ == "__main__":
    main()
