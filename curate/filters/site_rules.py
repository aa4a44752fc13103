"""Drop or trim what the rule files know: the phrases of a language, of a platform, of the site itself.

A page is under the generic packs of its language, the platforms whose signs it shows, and its own site's file, told
by its address or, without one, by its signs. Where the language is unknown the whole-line rules of all languages
hold, and where no address is known the whole-line rules of five words and more of all sites.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Literal

from msgspec import Meta

from curate.document import Change, Document
from curate.errors import UsageError
from curate.fields import nearest
from curate.rules.library import library
from curate.rules.match import Matching


@cache
def _matching(folders: tuple[str, ...]) -> Matching:
    return Matching(library(folders))


@dataclass(frozen=True, slots=True)
class SiteRules:
    folders: Annotated[tuple[str, ...], Meta(description="rule folders of one's own; they come before the built-in packs")] = ()
    policies: Annotated[
        tuple[Literal["byline", "photo-credit", "timestamp"], ...],
        Meta(description="categories that are a matter of taste and off unless named: byline, photo-credit, timestamp"),
    ] = ()
    without: Annotated[tuple[str, ...], Meta(description="rules that are off, by their full ids: generic/en/share-bar#share-buttons")] = ()

    @property
    def rules_version(self) -> str:
        """A hash of the rule files; raises UsageError for a rule switched off that does not exist."""
        known = library(self.folders)
        for rule in self.without:
            if rule not in known.ids:
                raise UsageError(f"site-rules: without names a rule that does not exist, {rule!r}; {nearest(rule, known.ids)}")
        return known.version

    @property
    def pack_versions(self) -> Mapping[str, str]:
        """The versions of the packs, by name."""
        return library(self.folders).versions

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        return _matching(self.folders).selectors(host, generator)

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """`packs`: the rule files that the page is under."""
        return {"packs": " ".join(_matching(self.folders).packs(doc, str(doc.tags.get("lang", "und")), doc.host))}

    def judge(self, doc: Document) -> Iterator[Change]:
        matching = _matching(self.folders)
        packs, lang = str(doc.tags["packs"]).split(), str(doc.tags.get("lang", "und"))
        return matching.changes(doc, matching.scope(packs, lang, doc.host, policies=self.policies, off=self.without))
