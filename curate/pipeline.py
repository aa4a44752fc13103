"""An ordered list of steps, run over one document at a time; counts what each of them did.

Where there are corpus steps, the list has three parts: the steps before them take a document as far as it goes by itself, the
corpus steps decide across documents (`run/settle.py`), and the steps behind them see what that has left.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np

from curate.document import WHOLE, Change, Document
from curate.duplicates.corpus import DOCUMENTS, Sketcher
from curate.errors import UsageError
from curate.steps import Across, Edit, Judge, Learned, Measure, Measures, Ruled, Selecting, Step, Tag, kind


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
    """Steps in order. `run` takes a document through all of them but the corpus steps."""

    def __init__(self, steps: Sequence[Placed]) -> None:
        self.steps = tuple(steps)
        self.counts = {placed.name: StepCount() for placed in self.steps}
        kinds = [kind(placed.step) for placed in self.steps]
        self._kinds = dict(zip(self.counts, kinds, strict=True))
        first, end = corpus_steps(kinds)
        if apart := [placed.name for placed, of in zip(self.steps[first:end], kinds[first:end], strict=True) if of != "corpus"]:
            raise UsageError(f"steps across documents stand together; between them stands {apart[0]!r}")
        self.before, self.across, self.behind = self.steps[:first], self.steps[first:end], self.steps[end:]
        # What the corpus steps want written down of each document; equal ones once.
        self.sketchers: tuple[Sketcher, ...] = tuple(dict.fromkeys(cast("Across", placed.step).sketcher for placed in self.across))
        names = [DOCUMENTS, *(sketcher.name for sketcher in self.sketchers)]
        if len(set(names)) < len(names):
            raise UsageError(f"two sketches that are not equal have one name, of {', '.join(names)}; their steps have to name them apart")
        # The hash of the rule files in use, "" without rules; reads them, so that a broken one stops here.
        self.ruled = ruled = next((cast("Ruled", placed.step) for placed in self.steps if hasattr(placed.step, "rules_version")), None)
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
        """Take a document through the steps; returns it, changed as its `changes` say.

        Corpus steps are passed over: one document has nothing to repeat.
        """
        return self.run_behind(self.run_before(doc))

    def run_before(self, doc: Document) -> Document:
        """Take a document as far as the corpus steps; what becomes of it is open until `run_behind`."""
        for placed in self.before:
            self._step(doc, placed)
        return doc

    def run_behind(self, doc: Document) -> Document:
        """Take a document through what stands behind the corpus steps."""
        for placed in self.behind:
            self._step(doc, placed)
        if doc.outcome == "kept" and not doc.live.any():
            doc.outcome = "emptied"
            doc.reason = doc.changes[-1].step if doc.changes else "no text"
        return doc

    def takes_part(self, doc: Document) -> bool:
        """Whether the corpus steps look at a document: there is text left, and nothing behind them will drop it for what it is."""
        return doc.outcome == "kept" and bool(doc.live.any()) and not self.doomed(doc)

    def doomed(self, doc: Document) -> bool:
        """Whether a measure behind the corpus steps would drop the document as it stands, which it leaves as it is.

        What such a measure goes by may have been told by a step behind them too, so those are asked, and forgotten again. Which
        measures are of the document shows when they are taken, so measures of paragraphs are taken twice.
        """
        tags = doc.tags
        doc.tags = dict(tags)
        doomed = False
        for placed in self.behind:
            _describe(doc, placed)
            if self._kinds[placed.name] == "measure":
                measures = _measured(doc, placed)
                doomed |= not measures.ndim and any(_beyond(doc, placed.step, measures))
        doc.tags = tags
        return doomed

    def settle(self, doc: Document, name: str, changes: Sequence[Change], *, whole: bool) -> None:
        """Carry out what a corpus step has decided about a document: drops of whole paragraphs, of all there are if `whole`, or reports."""
        count = self.counts[name]
        with _counted(doc, count):
            count.histogram.update(_bucket(change.measure) for change in changes)
            doc.apply(name, changes)
        if whole:
            doc.outcome, doc.reason = "dropped", name

    def _step(self, doc: Document, placed: Placed) -> None:
        with _counted(doc, self.counts[placed.name]):
            if doc.live.any():
                self._run(doc, placed)

    def _run(self, doc: Document, placed: Placed) -> None:
        step, step_kind = placed.step, self._kinds[placed.name]
        _describe(doc, placed)
        if step_kind == "edit":
            doc.apply(placed.name, cast("Edit", step).edit(doc))
        elif step_kind == "judge":
            doc.apply(placed.name, _spread(doc, placed, cast("Judge", step).judge(doc)))
        elif step_kind == "measure":
            measures = _measured(doc, placed)
            if placed.store:
                doc.measures[placed.name] = np.atleast_1d(measures).tolist()
            seen = measures[doc.live] if measures.ndim else np.atleast_1d(measures)
            self.counts[placed.name].histogram.update(map(_bucket, seen.tolist()))
            doc.apply(placed.name, _spread(doc, placed, _beyond(doc, step, measures)))


def corpus_steps(kinds: Sequence[str]) -> tuple[int, int]:
    """From where to where in a list of kinds there are corpus steps; both the end of the list where there are none."""
    at = [number for number, kind_ in enumerate(kinds) if kind_ == "corpus"]
    return (at[0], at[-1] + 1) if at else (len(kinds), len(kinds))


@contextmanager
def _counted(doc: Document, count: StepCount) -> Iterator[None]:
    """Count what a step does to a document."""
    before = len(doc.changes)
    with timed(count):
        yield
        _tally(doc, before, count)


@contextmanager
def timed(count: StepCount) -> Iterator[None]:
    """Count the time that something takes as a step's."""
    began = time.thread_time()
    yield
    count.cpu_seconds += time.thread_time() - began


def _describe(doc: Document, placed: Placed) -> None:
    if hasattr(placed.step, "describe"):
        doc.tags.update(cast("Tag", placed.step).describe(doc))


def _measured(doc: Document, placed: Placed) -> Measures:
    return np.asarray(cast("Measure", placed.step).measure(doc), dtype=np.float64).round(6)


def _beyond(doc: Document, step: Step, measures: Measures) -> Iterator[Change]:
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

    It stands for itself: what the step proposed besides is left out. With a held paragraph in it the document stays, and the
    drop is a report.
    """
    proposed = list(changes)
    whole = next((change for change in proposed if change.paragraph == WHOLE), None)
    if whole is None:
        yield from proposed
        return
    if doc.held:
        yield whole._replace(paragraph=min(doc.held), start=0, end=0)
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
