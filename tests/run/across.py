"""Corpus steps that only tests have, and a run of the stages over pages at hand, without an engine and without names on disk."""

import importlib.metadata
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal
from unittest import mock
from zlib import crc32

import numpy as np

from curate.config import Config, Entry
from curate.document import Document
from curate.duplicates.corpus import Corpus, Drops, Sketched
from curate.duplicates.table import Table
from curate.formats.inputs import END
from curate.formats.pages import Reading
from curate.formats.records import SCHEMA
from curate.places import Place, place
from curate.run.job import Done, Job
from curate.run.plan import Part, Shard
from curate.run.settle import settle
from curate.run.shard import clean, finish
from curate.run.stages import carry_out
from curate.steps import steps


@dataclass(frozen=True)
class Texts:
    """A sketch of one number a paragraph, which stands for its text."""

    salt: int = 0

    @property
    def name(self) -> str:
        return f"texts-{self.salt}"

    def begin(self) -> "Texting":
        return Texting(self.salt)


class Texting:
    def __init__(self, salt: int) -> None:
        self.salt, self.hashes = salt, np.zeros(0, dtype=np.uint64)

    def add(self, doc: Document) -> None:
        found = [crc32(doc.text_of(number).encode(), self.salt) for number in doc.kept]
        self.hashes = np.append(self.hashes, np.array(found, dtype=np.uint64))

    def table(self) -> Table:
        return {"hash": self.hashes}


def hashes(part: Sketched) -> list[int]:
    return part.table(Texts().name)["hash"].tolist()


class Rows:
    """The rows of a corpus as Python has them."""

    def __init__(self, corpus: Corpus) -> None:
        parts = [*corpus.shards, *corpus.indexed]
        self.hashes = [value for part in corpus.map(hashes, parts) for value in part]
        self.ours = int(corpus.offsets[len(corpus.shards)])
        self.alive = [*np.concatenate([*corpus.alive, np.zeros(0, dtype=bool)]).tolist(), *[True] * (len(self.hashes) - self.ours)]
        firsts = [part.documents["first"] for part in parts]
        self.documents = [
            [row for row in range(int(start + first[n]), int(start + first[n + 1])) if self.alive[row]]
            for start, first in zip(corpus.offsets.tolist(), firsts, strict=False)
            for n in range(len(first) - 1)
        ]


def drops(found: dict[int, int], name: str, *, whole: bool = False, reports: bool = False, measure: float = 1.0) -> Drops:
    rows = np.array(sorted(found), dtype=np.int64)
    many = len(rows)
    return Drops(
        rows=rows,
        rules=np.zeros(many, dtype=np.uint8),
        measures=np.full(many, measure),
        limits=np.full(many, 0.5),
        of=np.array([found[row] for row in rows.tolist()], dtype=np.int64),
        names=(name,),
        whole=whole,
        reports=reports,
    )


@dataclass(frozen=True)
class SameLines:
    """A line that is there twice goes; the first or the last stays, or none at all."""

    keep: Literal["first", "last", "none"] = "first"
    report: bool = False

    @property
    def sketcher(self) -> Texts:
        return Texts()

    def settle(self, corpus: Corpus) -> Drops:
        rows = Rows(corpus)
        copies: dict[int, list[int]] = {}
        for row, value in enumerate(rows.hashes):
            if rows.alive[row]:
                copies.setdefault(value, []).append(row)
        found = {}
        for same in copies.values():
            order = sorted(same, key=lambda row: (row < rows.ours, row if self.keep != "last" else -row))
            if len(order) > 1:
                found |= dict.fromkeys(order[1:], order[0])
                found |= {order[0]: order[1]} if self.keep == "none" else {}
        (corpus.work / "pairs.table").write_bytes(b"what others read")
        (corpus.work / "scratch").mkdir()
        (corpus.work / "scratch" / "else").write_bytes(b"what nobody reads")
        return drops({row: of for row, of in found.items() if row < rows.ours}, "copy", reports=self.report)


@dataclass(frozen=True)
class SamePages:
    """A page goes whose lines all stand, in any order, on another one."""

    keep: Literal["first", "last"] = "first"

    @property
    def sketcher(self) -> Texts:
        return Texts()

    def settle(self, corpus: Corpus) -> Drops:
        rows = Rows(corpus)
        stay: dict[frozenset[int], list[int]] = {}
        found = {}
        for live in rows.documents if self.keep == "first" else rows.documents[::-1]:
            if live:
                first = stay.setdefault(frozenset(rows.hashes[row] for row in live), live)
                if first is not live:
                    found[live[0]] = first[0]
        return drops({row: of for row, of in found.items() if row < rows.ours}, "page", whole=True)


@dataclass(frozen=True)
class TooOften:
    """A line that is there `times` times goes, all of it."""

    times: int = 3

    @property
    def sketcher(self) -> Texts:
        return Texts()

    def settle(self, corpus: Corpus) -> Drops:
        rows = Rows(corpus)
        many = {value for value in rows.hashes if rows.hashes.count(value) >= self.times}
        return drops({row: -1 for row in range(rows.ours) if rows.alive[row] and rows.hashes[row] in many}, "often")


@contextmanager
def known(**classes: type) -> Iterator[None]:
    """Steps by name, an underscore for each hyphen, besides those that there are."""
    points = [
        importlib.metadata.EntryPoint(name=name.replace("_", "-"), value=f"{cls.__module__}:{cls.__qualname__}", group="curate.steps")
        for name, cls in classes.items()
    ]
    with mock.patch.object(importlib.metadata, "entry_points", lambda *, group: points if group == "curate.steps" else []):
        steps.cache_clear()
        yield
    steps.cache_clear()


def serial(function: Any, items: Sequence[Any]) -> Iterator[Any]:
    return map(function, items)


class Stages:
    """Pages, parted into shards, and what each stage makes of them."""

    def __init__(self, folder: Path, shards: Sequence[dict[str, str]], entries: Sequence[Entry], **job: Any) -> None:
        self.folder = folder
        (folder / "in").mkdir()
        made = []
        for number, pages in enumerate(shards):
            parts = []
            for name, text in pages.items():
                path = folder / "in" / name
                path.write_bytes(text.encode("utf-8"))
                parts.append(Part(str(path), name, named=False, start=0, end=END, size=len(text.encode("utf-8")), changed=0))
            made.append(Shard(2 * number, tuple(parts)))  # with gaps, as runs have them
        config = Config(tuple(entries))
        self.job = Job(config, Reading(), tuple(made), None, place(str(folder / "work")), 1 << 20, **job)

    def stage(self, folder: Place, function: Callable[[Path], Done]) -> Done:
        """Carry out a stage as a run does."""
        return carry_out(folder, "of these pages", function).done

    def clean(self) -> list[Done]:
        numbers = [shard.number for shard in self.job.shards]
        return [self.stage(self.job.at("clean", number), partial(clean, self.job, number)) for number in numbers]

    def settle(self) -> Done:
        return self.stage(self.job.work / "settle", lambda to: settle(self.job, to, serial, 1, place(str(to))))

    def finish(self) -> list[Done]:
        numbers = [shard.number for shard in self.job.shards]
        return [self.stage(self.job.at("finish", number), partial(finish, self.job, number)) for number in numbers]

    def run(self) -> list[Done]:
        return [*self.clean(), self.settle(), *self.finish()]

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """The rows of a kind, of all shards."""
        stage = "finish" if (self.job.work / "finish").exists() else "clean"
        lines = [
            line
            for shard in self.job.shards
            for line in (self.job.at(stage, shard.number) / f"{kind}.jsonl").read_text("utf-8").splitlines()
        ]
        return list(map(json.loads, lines))

    def published(self) -> Path:
        """A folder as a run leaves it."""
        out = self.folder / "out"
        out.mkdir()
        for shard in self.job.shards:
            for kind in ("clean", "ledger", "pages"):
                shutil.copy(self.job.at("finish", shard.number) / f"{kind}.jsonl", out / f"{kind}-{shard.number:05}.jsonl")
        count = len(self.rows("pages"))
        record = {"schema": SCHEMA, "curate": "0", "config": {"output": {"ledger": "full"}, "step": []}, "documents": {"read": count}}
        (out / "run.json").write_text(json.dumps(record), encoding="utf-8")
        return out
