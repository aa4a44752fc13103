"""What is known of items, which are given in ascending order and looked up part by part."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.items import Plan, columns, parted, path_of
from curate.duplicates.ordered import Numbers
from curate.duplicates.sketch import gather, of_words, offsets
from curate.duplicates.table import Column, read
from curate.places import Place
from curate.text.minhash import Hashes32, Offsets


class Places(NamedTuple):
    """Of some items: the numbers of their documents, and an order in which what stays comes before what goes."""

    documents: Numbers
    order: Numbers  # below 0 for items of an index


def values(work: Place, plan: Plan, items: Numbers, name: str) -> Column:
    """A column's values of items, ascending."""
    found = [columns(work, plan, number)[name][items[here] - part.first] for number, part, here in parted(plan, items)]
    return np.concatenate(found) if found else np.zeros(0, dtype=np.uint64)


def extremes(work: Place, plan: Plan, items: Numbers) -> tuple[Column, Column]:
    """The least and the largest shingle of items, ascending, that have any."""
    if plan.near.whole:
        return values(work, plan, items, "least"), values(work, plan, items, "largest")
    least, largest = np.zeros(len(items), dtype=np.uint32), np.zeros(len(items), dtype=np.uint32)
    for number, part, here in parted(plan, items):
        sketch, rows = columns(work, plan, number), items[here] - part.first
        least[here] = sketch["shingles"][sketch["at"][rows]]
        largest[here] = sketch["shingles"][sketch["at"][rows + 1] - 1]
    return least, largest


def shingles(work: Place, plan: Plan, items: Numbers) -> tuple[Hashes32, Offsets]:
    """The shingles of items, ascending: item behind item, in each ascending and distinct, and where those of each begin."""
    found = [_shingles(work, plan, number, items[here] - part.first) for number, part, here in parted(plan, items)]
    flat = np.concatenate([np.zeros(0, dtype=np.uint32), *(flat for flat, _ in found)])
    return flat, offsets(np.concatenate([np.zeros(0, dtype=np.int64), *(np.diff(at) for _, at in found)]))


def _shingles(work: Place, plan: Plan, number: int, local: Column) -> tuple[Hashes32, Offsets]:
    part = plan.parts[number]
    folder = part.sketched
    sketch = folder.table(plan.near.sketch)
    if not plan.near.whole:
        return gather(sketch["at"], sketch["shingles"], local)
    rows, of = gather(folder.documents["first"], np.arange(len(sketch["exact"])), part.start + local)
    owners = np.repeat(np.arange(len(local), dtype=np.uint64), np.diff(of))
    if not part.indexed:
        alive = read(path_of(work, "alive", number))["alive"][rows]
        rows, owners = rows[alive], owners[alive]
    flat, at = of_words(*gather(sketch["at"], sketch["shingles"], rows))
    packed = np.unique((np.repeat(owners, np.diff(at)) << np.uint64(32)) | flat)
    return packed.astype(np.uint32), offsets(np.bincount((packed >> np.uint64(32)).astype(np.int64), minlength=len(local)))


def places(work: Place, plan: Plan, items: Numbers) -> Places:
    """The documents and the order of items, ascending."""
    documents, order = np.zeros(len(items), dtype=np.int64), np.zeros(len(items), dtype=np.int64)
    rank = read(work / "rank.table")["rank"]
    for _, part, here in parted(plan, items):
        local = items[here] - part.first
        table = part.sketched.documents
        owners = local if plan.near.whole else np.searchsorted(table["first"], local, "right") - 1
        documents[here] = part.document + owners
        if part.indexed:
            order[here] = items[here] - plan.end
        else:
            order[here] = (rank[documents[here]] << 32) + (0 if plan.near.whole else table["paragraph"][local])
    return Places(documents, order)


class Rows(NamedTuple):
    """Where items are: the number of the row, or of a document's first live row, with the document's key and the paragraph's number."""

    rows: Numbers
    docs: Column
    paragraphs: Column


def rows(work: Place, plan: Plan, items: Numbers) -> Rows:
    """Where items, ascending, are."""
    numbers, docs, paragraphs = np.zeros(len(items), dtype=np.int64), np.zeros(len(items), "S20"), np.zeros(len(items), np.int32)
    for number, part, here in parted(plan, items):
        local = items[here] - part.first
        table = part.sketched.documents
        owners = part.start + local if plan.near.whole else np.searchsorted(table["first"], local, "right") - 1
        if plan.near.whole:
            local = table["first"][owners]
            if not part.indexed:
                alive = np.flatnonzero(read(path_of(work, "alive", number))["alive"])
                local = alive[np.searchsorted(alive, local)]
        numbers[here], docs[here], paragraphs[here] = part.row + local, table["doc"][owners], table["paragraph"][local]
    return Rows(numbers, docs, paragraphs)


def unsorted(items: Numbers) -> tuple[Numbers, NDArray[np.intp]]:
    """Items in ascending order, each once, and where each of the given ones stands among them."""
    distinct, inverse = np.unique(items, return_inverse=True)
    return distinct, inverse
