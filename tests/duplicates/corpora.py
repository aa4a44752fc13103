"""Corpora made for tests: sketched shards of documents, and what a step makes of them."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from curate.document import Document, document_of_lines
from curate.duplicates import table
from curate.duplicates.corpus import DOCUMENTS, Corpus, Drops, Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.sketch import Shingled

GIGABYTE = 1 << 30


class Page(NamedTuple):
    """A document of a corpus."""

    text: str
    doc: str
    url: str = ""
    date: str = ""


def document(page: Page) -> Document:
    doc = document_of_lines(page.text)
    doc.doc, doc.url, doc.date = page.doc, page.url, page.date
    return doc


def sketched(folder: Path, pages: Sequence[Page], sketcher: Any = None) -> Sketched:
    """A shard of pages: its tables on disk."""
    folder.mkdir(parents=True)
    sketcher = sketcher or Shingled()
    documents, sketching = Documents(), sketcher.begin()
    for page in pages:
        doc = document(page)
        documents.add(doc)
        sketching.add(doc)
    table.write(folder / f"{DOCUMENTS}.table", documents.table())
    table.write(folder / f"{sketcher.name}.table", sketching.table())
    return Sketched(folder)


def backward(function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
    """A map that does the last item first, and gives the answers in the items' order as maps do."""
    answers = {number: function(items[number]) for number in reversed(range(len(items)))}
    return iter([answers[number] for number in range(len(items))])


_numbers = itertools.count()


def corpus(
    folder: Path,
    shards: Sequence[Sequence[Page]],
    *,
    sketcher: Any = None,
    memory: int = GIGABYTE,
    indexed: Sequence[Sequence[Page]] = (),
    map_: Callable[..., Iterator[Any]] = map,
    dead: frozenset[tuple[str, int]] = frozenset(),
) -> Corpus:
    """A corpus of some shards; `dead` are paragraphs, by document and number, that steps before took out."""
    here = folder / f"corpus-{next(_numbers)}"
    parts = [sketched(here / f"{number}", pages, sketcher) for number, pages in enumerate([*shards, *indexed])]
    work = here / "work"
    work.mkdir(parents=True)
    alive = tuple(
        np.array([(page.doc, number) not in dead for page in pages for number in range(document(page).read)], dtype=np.bool_)
        for pages in shards
    )
    return Corpus(tuple(parts[: len(shards)]), alive, memory, map_, work, tuple(parts[len(shards) :]))


class Gone(NamedTuple):
    """What became of a paragraph: by which rule it went, for which other one, and how near that is."""

    rule: str
    of: tuple[str, int]
    measure: float
    limit: float


def told(of: Corpus, drops: Drops) -> dict[tuple[str, int], Gone]:
    """What goes, by document and paragraph."""
    names = row_names(of)
    assert (np.diff(drops.rows) > 0).all()
    return {
        names[row]: Gone(drops.names[rule], names[other], measure, limit)
        for row, rule, other, measure, limit in zip(
            drops.rows.tolist(), drops.rules.tolist(), drops.of.tolist(), drops.measures.tolist(), drops.limits.tolist(), strict=True
        )
    }


def row_names(of: Corpus) -> list[tuple[str, int]]:
    """By row the document and the paragraph."""
    found = []
    for part in (*of.shards, *of.indexed):
        documents = part.documents
        owners = np.repeat(np.arange(len(documents["doc"])), np.diff(documents["first"])).tolist()
        docs = [key.decode() for key in documents["doc"].tolist()]
        found += [(docs[owner], number) for owner, number in zip(owners, documents["paragraph"].tolist(), strict=True)]
    return found


VOCABULARY = [
    f"{a}{b}{c}"
    for a in ("ka", "mo", "ri", "tu", "ve", "lo")
    for b in ("lan", "ber", "tis", "dor", "mex")
    for c in ("", "a", "en", "um", "is")
]


def sentence(draw: random.Random, words: int = 60) -> list[str]:
    """A paragraph of invented words."""
    return [f"{draw.choice(VOCABULARY)}{draw.randrange(50)}x" for _ in range(words)]


def with_changes(draw: random.Random, words: Sequence[str], changes: int) -> list[str]:
    """The paragraph with some words replaced by others."""
    changed = list(words)
    for place in draw.sample(range(len(words)), changes):
        changed[place] = f"other{draw.randrange(10**6)}"
    return changed


def word_shingles(text: str, size: int = 3) -> set[tuple[str, ...]]:
    """The word shingles of a line in lower case without signs."""
    words = text.lower().split()
    return {tuple(words[start : start + size]) for start in range(max(len(words) - size + 1, 1))}


def jaccard(one: set[Any], other: set[Any]) -> float:
    return len(one & other) / len(one | other)
