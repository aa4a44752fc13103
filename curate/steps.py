"""The five kinds of step, and how a step's name becomes its object.

A step is a frozen dataclass in a file of its own below `tags/`, `edits/`, `filters/` or `corpus/`; the file's name
is the step's name (`min_chars.py` holds `MinChars` and is `min-chars`). Other packages add steps by entry points
of the group `curate.steps`, named as the step is named.
"""

import importlib
import importlib.metadata
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from curate.document import Change, Document
from curate.duplicates.corpus import Corpus, Drops, Sketcher
from curate.errors import UsageError
from curate.fields import nearest

Measures = NDArray[np.float64]  # one value a paragraph (those of dropped ones are not looked at), or a single one

FOLDERS = ("tags", "edits", "filters", "corpus")


class Tag(Protocol):
    """Says something about the document."""

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """What is stored with the document, by name."""
        ...


class Edit(Protocol):
    """Proposes other text; drops nothing."""

    def edit(self, doc: Document) -> Iterable[Change]:
        """Changes of live paragraphs, each with new text."""
        ...


class Measure(Protocol):
    """Measures, and leaves the decision to its limit: a field `at_most` or `at_least`, or a method of that name by document.

    Measures of shape (paragraphs,) decide over paragraphs, of shape () over the document. A class attribute `outcome`
    says what becomes of a document that goes as a whole, if not "dropped".
    """

    def measure(self, doc: Document) -> Measures:
        """The measures; they are rounded to 6 decimals before they meet the limit."""
        ...


class Judge(Protocol):
    """Decides by itself."""

    def judge(self, doc: Document) -> Iterable[Change]:
        """Changes of live paragraphs: drops and trims, each with its rule."""
        ...


class Across(Protocol):
    """Decides across documents: every document is sketched when it has been cleaned, then all are settled together."""

    @property
    def sketcher(self) -> Sketcher:
        """What is written down of each document; steps with equal sketchers share what they write."""
        ...

    def settle(self, corpus: Corpus) -> Drops:
        """What goes, of all that is alive."""
        ...


class Ruled(Protocol):
    """What a step of any kind may be besides: one that goes by files which are no part of its parameters."""

    @property
    def rules_version(self) -> str:
        """A hash of them; reading it reads them, so that a broken one stops a run before the first page."""
        ...

    def rules_of(self, doc: Document) -> str:
        """A hash of those of them that can touch a page which has been through the step."""
        ...

    @property
    def pack_versions(self) -> Mapping[str, str]:
        """The versions that their packs say they have, by name."""
        ...


class Learned(Protocol):
    """What a step of any kind may be besides: one that goes by weights, which are no part of its parameters."""

    @property
    def weights_version(self) -> str:
        """A hash of them; reading it reads them, so that a broken file stops a run before the first page."""
        ...


class Selecting(Protocol):
    """What a step of any kind may be besides: one that wants to know which paragraphs stand in certain elements."""

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        """CSS selectors for pages of a host, made with a generator (both "" where nothing says so).

        `doc.facts.covers` then tells which of `doc.selectors` cover a paragraph.
        """
        ...


Step = Tag | Edit | Measure | Judge | Across
# By the method a step has; a step of any kind may describe besides.
KINDS = {"edit": "edit", "measure": "measure", "judge": "judge", "settle": "corpus", "describe": "tag"}


@dataclass(frozen=True)
class StepClass:
    """A step as it can be found: its name, its module, and the class when it is asked for."""

    name: str
    module: str
    attribute: str

    def load(self) -> type:
        """The class; importing it may load what it depends on."""
        try:
            loaded: type = getattr(importlib.import_module(self.module), self.attribute)
        except (ImportError, AttributeError) as problem:
            raise UsageError(f"step {self.name!r} cannot be loaded from {self.module}: {problem}") from problem
        if not any(callable(getattr(loaded, method, None)) for method in KINDS):
            raise UsageError(f"step {self.name!r} is no step: {self.module}.{self.attribute} has none of the methods {', '.join(KINDS)}")
        return loaded


@cache
def steps() -> dict[str, StepClass]:
    """Every step there is, by name, sorted; raises UsageError when a plugin takes a name that is taken."""
    found: dict[str, StepClass] = {}
    for folder in FOLDERS:
        package = importlib.import_module(f"curate.{folder}")
        for module in pkgutil.iter_modules(package.__path__):
            name = module.name.replace("_", "-")
            found[name] = StepClass(name, f"curate.{folder}.{module.name}", class_name(name))
    for point in importlib.metadata.entry_points(group="curate.steps"):
        if point.name in found:
            raise UsageError(
                f"two steps are named {point.name!r}: {found[point.name].module} and {point.module}; remove one of the packages"
            )
        found[point.name] = StepClass(point.name, point.module, point.attr)
    return dict(sorted(found.items()))


def class_name(name: str) -> str:
    """The class that a step's file holds: `min-chars` → `MinChars`."""
    return "".join(part.capitalize() for part in name.split("-"))


def step_class(name: str) -> type:
    """The class of a step; raises UsageError with the nearest name for one that does not exist."""
    known = steps()
    if name not in known:
        raise UsageError(f"there is no step {name!r}; {nearest(name, known)}")
    return known[name].load()


def kind(step: type | Step) -> str:
    """Which of the five kinds a step is."""
    return next(name for method, name in KINDS.items() if callable(getattr(step, method, None)))
