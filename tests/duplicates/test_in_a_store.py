"""Steps decide the same when the sketches lie in a store, and the folder in which their tasks work too."""

import dataclasses
import random
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from corpora import Page, corpus, sentence, told, with_changes

from curate.corpus.duplicate_documents import DuplicateDocuments
from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.corpus.site_lines import CANDIDATES, SiteLines
from curate.duplicates.corpus import Corpus, Sketched
from curate.places import Place, place
from curate.stores import objects

NAMES = count()


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    """Pages of one host, with its menu, lines that others have, and near ones."""
    draw = random.Random(6)  # noqa: S311  # the same each time
    lines = [sentence(draw, 20) for _ in range(24)]
    lines += [with_changes(draw, line, 1) for line in lines[:12]]
    made = []
    for number in range(16):
        own = draw.sample(lines, 3) if number % 4 else lines[:3]
        text = "\n".join(["Boats and tides", *(" ".join(words) for words in own)])
        made.append(Page(text, f"{number:020}", f"https://oxney.example/{number}"))
    return made


def stored(of: Corpus) -> Corpus:
    """The same corpus, of which all lies in a store."""
    folder = place(f"memory://oxney-corpus-{next(NAMES)}")

    def put(part: Sketched, name: str) -> Sketched:
        for path in Path(str(part.folder)).iterdir():
            objects.put(path, folder / name / path.name)
        return Sketched(folder / name)

    shards = tuple(put(part, f"{number}") for number, part in enumerate(of.shards))
    indexed = tuple(put(part, f"indexed-{number}") for number, part in enumerate(of.indexed))
    return dataclasses.replace(of, shards=shards, indexed=indexed, work=folder / "work")


def left(work: Place) -> dict[str, bytes]:
    """What others read of what a step leaves, and the names of all of it."""
    return {path.name: path.read_bytes() if path.name in {CANDIDATES, "pairs.table"} else b"" for path in work.iterdir()}


@pytest.mark.parametrize("step", [DuplicateDocuments(min_words=5), DuplicateParagraphs(min_words=3), SiteLines()])
def test_a_corpus_in_a_store_is_settled_as_one_on_a_disk(tmp_path: Path, pages: list[Page], step):
    indexed = () if isinstance(step, SiteLines) else (pages[12:],)
    here = corpus(tmp_path, [pages[:5], pages[5:8], pages[8:12]], sketcher=step.sketcher, memory=20_000, indexed=indexed)
    there = stored(here)
    expected, drops = step.settle(here), step.settle(there)
    assert len(drops.rows) > 0
    assert all(np.array_equal(one, other) for one, other in zip(drops[:5], expected[:5], strict=True))
    if indexed:
        assert told(there, drops) == told(here, expected)
    assert left(there.work) == left(place(str(here.work)))
