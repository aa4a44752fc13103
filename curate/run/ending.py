"""What becomes of the rows of a corpus while steps take them out, and of what those were taken out for.

A row goes for another one that was alive then, and which may go in its turn. In the end every row that has gone names one that has
stayed: the one that its own has gone for, and so on.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.corpus import Drops, Sketched
from curate.duplicates.table import Column, read, write
from curate.run.settled import named
from curate.text.codepoints import Bools

Rows = NDArray[np.int64]

_NOTHING: Final = -1


class _Taken(NamedTuple):
    """The drops of one step, which wait on disk."""

    path: Path
    names: tuple[str, ...]
    whole: bool
    reports: bool


class Ending:
    """The rows of some shards' pieces, and of an index, in which nothing goes. Numbers are those of `Corpus.offsets`."""

    def __init__(self, shards: Sequence[Sketched], indexed: Sequence[Sketched], scratch: Path) -> None:
        self._parts = (*shards, *indexed)
        counts = [len(part.documents["paragraph"]) for part in self._parts]
        self._offsets = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        self._rows = int(self._offsets[len(shards)])
        self._alive = np.ones(self._rows, dtype=np.bool_)
        self._held = np.zeros(self._rows, dtype=np.bool_)
        self._for = np.full(self._rows, _NOTHING, dtype=np.int64)  # what a row that has gone has gone for
        self._scratch, self._shards = scratch, len(shards)
        self._taken: list[_Taken] = []

    @property
    def alive(self) -> tuple[Bools, ...]:
        """What is still there, by piece; not to be written to."""
        views = [self._alive[self._of_part(part)] for part in range(self._shards)]
        for view in views:
            view.flags.writeable = False
        return tuple(views)

    def _of_part(self, part: int) -> slice:
        return slice(int(self._offsets[part]), int(self._offsets[part + 1]))

    def take(self, step: str, drops: Drops) -> None:
        """Carry out what a step has decided; raises ValueError where it names rows that are gone, or out of order.

        A row that stands for its document takes all live rows of it along.
        """
        rows = drops.rows
        if len(rows) and not (rows[0] >= 0 and rows[-1] < self._rows and (np.diff(rows) > 0).all() and self._alive[rows].all()):
            raise ValueError(f"{step}: drops are of rows that are still there, each once and in order")
        rows, sources = self._of_documents(rows) if drops.whole else (rows, np.arange(len(rows)))
        table = {name: getattr(drops, name)[sources] for name in ("rules", "measures", "limits", "of")}
        path = self._scratch / f"{len(self._taken)}.table"
        write(path, {"rows": rows, **table})
        self._taken.append(_Taken(path, drops.names, drops.whole, drops.reports))
        if not drops.reports:
            self._alive[rows] = False
            self._for[rows] = table["of"]

    def _of_documents(self, rows: Rows) -> tuple[Rows, NDArray[np.intp]]:
        """The live rows of the documents that some rows are of, and for each the place of the first of those rows."""
        found = [np.zeros(0, dtype=np.int64)]
        sources = [np.zeros(0, dtype=np.intp)]
        for part, chosen in self._by_part(rows):
            first, start = self._parts[part].documents["first"], self._offsets[part]
            documents, places = np.unique(np.searchsorted(first, rows[chosen] - start, side="right") - 1, return_index=True)
            live = np.flatnonzero(self._alive[self._of_part(part)])
            owners = np.searchsorted(first, live, side="right") - 1
            at = np.minimum(np.searchsorted(documents, owners), len(documents) - 1)
            theirs = documents[at] == owners
            found.append(live[theirs] + start)
            sources.append(chosen[places[at[theirs]]])
        return np.concatenate(found), np.concatenate(sources)

    def resolve(self) -> None:
        """See to it that whatever is named has stayed; to be called when all steps have been taken."""
        for taken in self._taken:
            if taken.whole and not taken.reports:
                drops = read(taken.path)
                self._for[drops["rows"]] = self._living(drops["of"])
        self._shorten()
        for number, taken in enumerate(self._taken):
            drops = read(taken.path)
            of = self._final(drops["rows"], self._living(drops["of"]) if taken.whole else np.array(drops["of"]), drops["of"])
            self._held[of[(of >= 0) & (of < self._rows) & ~self._gone(of)]] = True
            path = self._scratch / f"{number}-resolved.table"
            write(path, {**drops, **self._keys(of)})
            self._taken[number] = taken._replace(path=path)

    def _gone(self, rows: Rows) -> Bools:
        """Which of some rows are of this run and no longer there."""
        ours = (rows >= 0) & (rows < self._rows)
        gone: Bools = ours & ~self._alive[np.where(ours, rows, 0)] if self._rows else ours
        return gone

    def _living(self, rows: Rows) -> Rows:
        """For rows that stand for documents: the document's first row that is alive, where they are not and there is one."""
        found = np.array(rows)
        places = np.flatnonzero(self._gone(found))
        for part, chosen in self._by_part(found[places]):
            first, start = self._parts[part].documents["first"], self._offsets[part]
            alive = np.flatnonzero(self._alive[self._of_part(part)])
            number = np.searchsorted(first, found[places[chosen]] - start, side="right") - 1
            next_ = np.append(alive, first[-1])[np.searchsorted(alive, first[number])]
            there = next_ < first[number + 1]
            found[places[chosen[there]]] = next_[there] + start
        return found

    def _shorten(self) -> None:
        """Let every row that has gone name the end of its chain, which doubles its stride each time; rings have none."""
        for _ in range(self._rows.bit_length() + 1):
            open_ = np.flatnonzero(self._gone(self._for))
            if not len(open_):
                return
            self._for[open_] = self._for[self._for[open_]]

    def _final(self, rows: Rows, of: Rows, said: Rows) -> Rows:
        """What some drops name in the end. Where all copies went at once, each for another one, that other one; it is nowhere else."""
        gone = self._gone(of)
        end = np.where(gone, self._for[np.where(gone, of, 0)], of) if self._rows else of
        ring = self._gone(end)
        together = np.append(rows, _NOTHING)[np.searchsorted(rows, said)] == said
        final: Rows = np.where(ring, np.where(together, said, _NOTHING), end)
        return final

    def _by_part(self, rows: Rows) -> Iterator[tuple[int, NDArray[np.intp]]]:
        """The places of some rows in their array, part by part."""
        order = np.argsort(rows, kind="stable")
        bounds = np.searchsorted(rows[order], self._offsets)
        for part in np.flatnonzero(np.diff(bounds)).tolist():
            yield part, order[bounds[part] : bounds[part + 1]]

    def _keys(self, of: Rows) -> dict[str, Column]:
        """The columns `of_doc` and `of_paragraph` for some rows."""
        keys, paragraphs = np.zeros(len(of), dtype="S20"), np.zeros(len(of), dtype=np.int32)
        for part, chosen in self._by_part(of):
            documents, rows = self._parts[part].documents, of[chosen] - self._offsets[part]
            keys[chosen] = documents["doc"][np.searchsorted(documents["first"], rows, side="right") - 1]
            paragraphs[chosen] = documents["paragraph"][rows]
        return {"of_doc": keys, "of_paragraph": paragraphs}

    def write(self, part: int, path: Path) -> None:
        """Write the table of a part; see `settled`."""
        documents, here = self._parts[part].documents, self._of_part(part)
        gathered: dict[str, list[Column]] = {}
        rules: list[str] = []
        for step, taken in enumerate(self._taken):
            for name, column in self._entries(step, taken, here, documents).items():
                gathered.setdefault(name, []).append(column + len(rules) if name == "rule" else column)
            rules += taken.names
        columns = {name: np.concatenate(parts) for name, parts in gathered.items()}
        order = np.lexsort((columns["paragraph"], columns["step"], columns["document"]))
        held = np.flatnonzero(self._held[here])
        table = {
            **{name: column[order] for name, column in columns.items()},
            **named(rules, columns["rule"][order]),
            "held_document": _documents(documents, held),
            "held_paragraph": documents["paragraph"][held],
        }
        write(path, table)

    def _entries(self, step: int, taken: _Taken, here: slice, documents: dict[str, Column]) -> dict[str, Column]:
        """The drops of one step in one part."""
        drops = read(taken.path)
        mine = slice(*np.searchsorted(drops["rows"], [here.start, here.stop]).tolist())
        rows = drops["rows"][mine] - here.start
        return {
            "document": _documents(documents, rows),
            "paragraph": documents["paragraph"][rows],
            "step": np.full(len(rows), step, dtype=np.uint8),
            "rule": drops["rules"][mine].astype(np.int64),
            "measure": drops["measures"][mine],
            "limit": drops["limits"][mine],
            "whole": np.full(len(rows), taken.whole),
            "reports": np.full(len(rows), taken.reports),
            "of_doc": drops["of_doc"][mine],
            "of_paragraph": drops["of_paragraph"][mine],
        }


def _documents(documents: dict[str, Column], rows: NDArray[Any]) -> NDArray[np.int32]:
    """The numbers of the documents that rows of a part are of."""
    return (np.searchsorted(documents["first"], rows, side="right") - 1).astype(np.int32)
