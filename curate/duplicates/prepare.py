"""The beginning of settling: items are numbered, and what is looked up of them later is written into the work folder."""

from typing import Final

import msgspec

from curate.duplicates.corpus import Corpus
from curate.duplicates.items import Near, Part, Plan, columns, kinds_of_rows, path_of, plan_of
from curate.duplicates.rank import ranks
from curate.duplicates.table import read, write
from curate.duplicates.whole import documents_as_items
from curate.places import place

_PIECE: Final = 1 << 16  # documents of an index whose items are made at a time


def begin(corpus: Corpus, near: Near) -> Plan:
    """Number the items of a corpus, and make the tables of them."""
    plan = Plan(near, _parts(corpus, near.whole), corpus.memory)
    (corpus.work / "plan.json").write_bytes(msgspec.json.encode(plan))
    write(corpus.work / "rank.table", {"rank": ranks(corpus.shards)})
    for number, alive in enumerate(corpus.alive):
        write(path_of(corpus.work, "alive", number), {"alive": alive})
    for _ in corpus.map(prepare, [(str(corpus.work), number) for number in range(len(plan.parts))]):
        pass
    return plan


def _parts(corpus: Corpus, whole: bool) -> list[Part]:  # noqa: FBT001  # one of the two kinds of item
    parts: list[Part] = []
    first, document = 0, 0
    offsets_of_rows = corpus.offsets.tolist()
    for number, sketched in enumerate((*corpus.shards, *corpus.indexed)):
        indexed, row = number >= len(corpus.shards), offsets_of_rows[number]
        documents, rows = len(sketched.documents["doc"]), offsets_of_rows[number + 1] - row
        step = _PIECE if indexed and whole else max(documents, 1)
        for start in range(0, max(documents, 1), step):
            here = min(step, documents - start)
            items = here if whole else rows
            parts.append(Part(str(sketched.folder), sketched.version, first, items, row, document, start, here, indexed))
            first, document = first + items, document + here
    return parts


def prepare(task: tuple[str, int]) -> None:
    """Write down which items of a part take part and how; of documents, the items themselves."""
    work, number = place(task[0]), task[1]
    plan = plan_of(work)
    part = plan.parts[number]
    if plan.near.whole:
        items = documents_as_items(work, plan, number)
        write(path_of(work, "items", number), items)
        write(path_of(work, "kinds", number), {"kinds": items["kinds"]})
    elif not part.indexed:
        sketch = columns(work, plan, number)
        alive = read(path_of(work, "alive", number))["alive"]
        write(path_of(work, "kinds", number), {"kinds": kinds_of_rows(plan.near, sketch["words"], sketch["flags"]) * alive})
