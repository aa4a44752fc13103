"""Drop or trim what the rule files know: the phrases of a language, of a platform, of the site itself.

A page is under the generic packs of its language, the platforms whose signs it shows, and its own site's file, told
by its address or, without one, by its signs. Where the language is unknown the whole-line rules of all languages
hold, and where no address is known the whole-line rules of five words and more of all sites.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from curate.document import Change, Document
from curate.errors import UsageError
from curate.fields import nearest
from curate.rules.format import bare
from curate.rules.library import library, of_folders
from curate.rules.load import in_force
from curate.rules.match import Matching


@cache
def _made(folders: tuple[Path, ...]) -> Matching:
    return Matching(of_folders(folders))


@dataclass(frozen=True, slots=True)
class Rules:
    """What the step does, by rules that are at hand; the step itself reads them from folders."""

    matching: Matching
    policies: tuple[str, ...]
    off: tuple[str, ...]  # full ids without versions

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        return self.matching.selectors(host, generator)

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """`packs`: the rule files that the page is under."""
        return {"packs": " ".join(self.matching.packs(doc, str(doc.tags.get("lang", "und")), doc.host))}

    def reach(self, doc: Document) -> tuple[str, ...]:
        """The groups of rule files that can touch a page; where nothing was left for the step, by their selectors when it was read."""
        if "packs" not in doc.tags:
            return tuple(self.matching.before_reading(doc.host, doc.generator))
        return self.matching.reach(str(doc.tags["packs"]).split(), str(doc.tags.get("lang", "und")), doc.host)

    def judge(self, doc: Document) -> Iterator[Change]:
        packs, lang = str(doc.tags["packs"]).split(), str(doc.tags.get("lang", "und"))
        return self.matching.changes(doc, self.matching.scope(packs, lang, doc.host, policies=self.policies, off=self.off))


@cache
def _rules(folders: tuple[Path, ...], policies: tuple[str, ...], without: tuple[str, ...]) -> Rules:
    matching = _made(folders)
    return Rules(matching, policies, present(without, matching.library.ids))


def present(without: Sequence[str], ids: Mapping[str, str]) -> tuple[str, ...]:
    """The present ids of rules that are switched off, by any id they had; raises UsageError for one that does not exist."""
    for rule in without:
        if bare(rule) not in ids:
            raise UsageError(f"site-rules: without names a rule that does not exist, {rule!r}; {nearest(rule, ids)}")
    return tuple(ids[bare(rule)] for rule in without)


@dataclass(frozen=True, slots=True)
class SiteRules:
    folders: Annotated[tuple[str, ...], Meta(description="rule folders of one's own; they come before the built-in packs")] = ()
    policies: Annotated[
        tuple[Literal["byline", "photo-credit", "timestamp"], ...],
        Meta(description="categories that are a matter of taste and off unless named: byline, photo-credit, timestamp"),
    ] = ()
    without: Annotated[tuple[str, ...], Meta(description="rules that are off, by their full ids: generic/en/share-bar#share-buttons")] = ()

    @property
    def rules(self) -> Rules:
        """The step with its rules at hand; raises UsageError for a rule switched off that does not exist."""
        return _rules(in_force(self.folders), self.policies, self.without)

    @property
    def rules_version(self) -> str:
        """A hash of what the rule files do."""
        return self.rules.matching.library.version

    def rules_of(self, doc: Document) -> str:
        """A hash of what those rule files do that can touch a page."""
        rules = self.rules
        return rules.matching.version_of(rules.reach(doc))

    @property
    def pack_versions(self) -> Mapping[str, str]:
        """The versions of the packs, by name."""
        return library(self.folders).versions

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        return self.rules.selectors(host, generator)

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """`packs`: the rule files that the page is under."""
        return self.rules.describe(doc)

    def judge(self, doc: Document) -> Iterator[Change]:
        return self.rules.judge(doc)
