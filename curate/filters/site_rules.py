"""Drop or trim what the rule files know: the phrases of a language, of a platform, of the site itself.

A page is under the generic packs of its language, the platforms whose signs it shows, and its own site's file, told
by its address or, without one, by its signs. Where the language is unknown the whole-line rules of all languages
hold, and where no address is known the whole-line rules of five words and more of all sites.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from msgspec import Meta

from curate.document import Change, Document
from curate.rules.load import load
from curate.rules.match import Matching


@cache
def _matching(folders: tuple[str, ...]) -> Matching:
    return Matching(load(folders).files)


@dataclass(frozen=True, slots=True)
class SiteRules:
    folders: Annotated[tuple[str, ...], Meta(description="rule folders of one's own; they come before the built-in packs")] = ()

    @property
    def rules_version(self) -> str:
        """A hash of the rule files."""
        return load(self.folders).version

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """`packs`: the rule files that the page is under."""
        return {"packs": " ".join(_matching(self.folders).packs(doc, str(doc.tags.get("lang", "und")), doc.host))}

    def judge(self, doc: Document) -> Iterator[Change]:
        matching = _matching(self.folders)
        scope = matching.scope(str(doc.tags["packs"]).split(), str(doc.tags.get("lang", "und")), doc.host)
        return matching.changes(doc, scope)
