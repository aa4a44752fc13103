"""An ordered list of steps, run over one document at a time; counts what each of them did."""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from curate.document import WHOLE, Change, Document
from curate.steps import Edit, Judge, Learned, Measure, Ruled, Selecting, Step, Tag, kind


class Placed(NamedTuple):
    """A step in its place in a pipeline."""

    name: str
    step: Step
    store: bool = False  # whether its measures are written to the page's row


@dataclass(slots=True)
class StepCount:
    """What one step did in a run."""

    dropped: int = 0  # paragraphs
    edited: int = 0  # paragraphs trimmed or rewritten
    documents: int = 0  # documents it changed
    chars_removed: int = 0
    chars_added: int = 0
    cpu_seconds: float = 0.0
    rules: Counter[str] = field(default_factory=Counter)
    reports: Counter[str] = field(default_factory=Counter)  # by rule: what would have been changed, or was kept
    histogram: Counter[str] = field(default_factory=Counter)  # measures, survivors' too, by their first two digits

    def merge(self, other: "StepCount") -> None:
        """Add another count of the same step."""
        for name in ("dropped", "edited", "documents", "chars_removed", "chars_added", "cpu_seconds", "rules", "reports", "histogram"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Pipeline:
    """Steps in order. `run` takes a document through all of them."""

    def __init__(self, steps: Sequence[Placed]) -> None:
        self.steps = tuple(steps)
        self.counts = {placed.name: StepCount() for placed in self.steps}
        self._kinds = [kind(placed.step) for placed in self.steps]
        # The hash of the rule files in use, "" without rules; reads them, so that a broken one stops here.
        ruled = next((cast("Ruled", placed.step) for placed in self.steps if hasattr(placed.step, "rules_version")), None)
        self.rules_version = ruled.rules_version if ruled else ""
        self.pack_versions = ruled.pack_versions if ruled else {}
        # The same of learned weights.
        learned = [cast("Learned", placed.step) for placed in self.steps if hasattr(placed.step, "weights_version")]
        self.weights_version = " ".join(step.weights_version for step in learned)

    @classmethod
    def from_config(cls, config: str | Path = "page") -> "Pipeline":
        """The pipeline of a preset (by name) or of a configuration file.

        Raises ConfigError with every problem of the file.
        """
        from curate.config import load  # noqa: PLC0415  # config makes pipelines

        return load(config).pipeline()

    @property
    def identity(self) -> str:
        """A hash of the steps and their parameters, but for folders: what is in them is told by a version of its own."""
        elsewhere = {"folders", "weights"}
        parameters = [(name, {k: v for k, v in asdict(cast("Any", step)).items() if k not in elsewhere}) for name, step, _ in self.steps]
        return hashlib.sha256(msgspec.json.encode([parameters, self.weights_version], order="sorted")).hexdigest()[:16]

    def selectors(self, host: str, generator: str) -> tuple[str, ...]:
        """The CSS selectors that steps want run on the trees of a host's or a generator's pages before the walk, each once."""
        asking = [cast("Selecting", placed.step) for placed in self.steps if hasattr(placed.step, "selectors")]
        return tuple(dict.fromkeys(selector for step in asking for selector in step.selectors(host, generator)))

    def merge(self, counts: Mapping[str, StepCount]) -> None:
        """Add what the same steps counted elsewhere."""
        for name, count in counts.items():
            self.counts[name].merge(count)

    def run(self, doc: Document) -> Document:
        """Take a document through the steps; returns it, changed as its `changes` say."""
        for placed, step_kind in zip(self.steps, self._kinds, strict=True):
            count = self.counts[placed.name]
            began = time.thread_time()
            before = len(doc.changes)
            if doc.live.any():
                self._step(doc, placed, step_kind, count)
            _tally(doc, before, count)
            count.cpu_seconds += time.thread_time() - began
        if doc.outcome == "kept" and not doc.live.any():
            doc.outcome = "emptied"
            doc.reason = doc.changes[-1].step if doc.changes else "no text"
        return doc

    @staticmethod
    def _step(doc: Document, placed: Placed, step_kind: str, count: StepCount) -> None:
        step = placed.step
        if hasattr(step, "describe"):
            doc.tags.update(cast("Tag", step).describe(doc))
        if step_kind == "edit":
            doc.apply(placed.name, cast("Edit", step).edit(doc))
        elif step_kind == "judge":
            doc.apply(placed.name, _spread(doc, placed, cast("Judge", step).judge(doc)))
        elif step_kind == "measure":
            measures = np.asarray(cast("Measure", step).measure(doc), dtype=np.float64).round(6)
            if placed.store:
                doc.measures[placed.name] = np.atleast_1d(measures).tolist()
            seen = measures[doc.live] if measures.ndim else np.atleast_1d(measures)
            count.histogram.update(map(_bucket, seen.tolist()))
            doc.apply(placed.name, _spread(doc, placed, _beyond(doc, step, measures)))


def _beyond(doc: Document, step: Step, measures: NDArray[np.float64]) -> Iterator[Change]:
    """The drops that a measure's limit asks for."""
    side = "at_least" if hasattr(step, "at_least") else "at_most"
    said = getattr(step, side)
    limit = cast("float", said(doc) if callable(said) else said)
    beyond = measures < limit if side == "at_least" else measures > limit
    if not measures.ndim:
        if beyond:
            yield Change(WHOLE, 0, 0, measure=float(measures), limit=limit)
        return
    for number in np.flatnonzero(beyond & doc.live).tolist():
        yield Change(number, 0, int(doc.lengths[number]), measure=float(measures[number]), limit=limit)


def _spread(doc: Document, placed: Placed, changes: Iterable[Change]) -> Iterator[Change]:
    """A drop of the whole document as drops of what is left of it, so that every paragraph is accounted for.

    It stands for itself: what the step proposed besides is left out.
    """
    proposed = list(changes)
    whole = next((change for change in proposed if change.paragraph == WHOLE), None)
    if whole is None:
        yield from proposed
        return
    doc.outcome, doc.reason = getattr(placed.step, "outcome", "dropped"), placed.name
    for number in doc.kept:
        yield whole._replace(paragraph=number, start=0, end=int(doc.lengths[number]))


def _tally(doc: Document, before: int, count: StepCount) -> None:
    """Count what a step has just done."""
    made = doc.changes[before:]
    if not made:
        return
    count.reports.update(applied.rule for applied in made if applied.reports)
    changes = [applied for applied in made if not applied.reports]
    changed = {applied.paragraph for applied in changes}
    edited = int(doc.live[list(changed)].sum())
    count.documents += bool(changed)
    count.edited += edited
    count.dropped += len(changed) - edited
    count.chars_removed += sum(len(applied.text) for applied in changes)
    count.chars_added += sum(len(applied.new) for applied in changes)
    count.rules.update(applied.rule for applied in changes if applied.rule)


@lru_cache(maxsize=1 << 14)
def _bucket(measure: float) -> str:
    """A measure by its first two digits: 0.01234 → "0.012", 123 → "120"."""
    return f"{float(f'{measure:.1e}'):.12g}"
