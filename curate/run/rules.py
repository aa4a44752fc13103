"""What a change of rule files leaves as it is: the pages of a shard are cleaned again only when a changed file can touch one of them."""

from typing import Final

import msgspec

from curate.document import Document
from curate.filters.site_rules import Rules, SiteRules
from curate.pipeline import Pipeline
from curate.rules.library import ALL_GENERIC, ALL_PLATFORMS, ALL_SITES, has

_ALL: Final = (ALL_GENERIC, ALL_PLATFORMS, ALL_SITES)
# Why a page fails before any rule is looked at. The selectors of rules part the paragraphs of HTML, which other limits are about.
_UNTOUCHED: Final = frozenset(
    {
        "binary",
        "broken JSON",
        "broken compression",
        "cannot be read",
        "field is no text",
        "limit bytes",
        "limit depth",
        "missing field",
        "no JSON object",
    }
)


class Under(msgspec.Struct, frozen=True):
    """The rules that the pages of a shard were cleaned under. A shard that is cleaned again after `touched` has another one."""

    rules: str = ""  # hash of all rule files
    files: str = ""  # of those in `groups`
    tells: str = ""  # of what tells platforms on pages of any address
    groups: tuple[str, ...] = ()  # of the rule files that can touch one of the pages
    hosts: tuple[str, ...] = ()  # of the pages


class Watch:
    """Sees the pages of a shard after they were cleaned (or as far as the corpus steps), and says what they were under."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._rules = _rules(pipeline)
        self._version = pipeline.rules_version
        # Rules that stand behind the corpus steps have not been at work yet.
        self._early = any(isinstance(placed.step, SiteRules) for placed in pipeline.before)
        self._groups: set[str] = set()
        self._hosts: set[str] = set()

    def add(self, doc: Document) -> None:
        """See a page."""
        if self._rules is None:
            return
        if doc.outcome == "failed":
            self._groups.update(() if doc.reason.partition(":")[0] in _UNTOUCHED else _ALL)
        else:
            self._groups.update(self._rules.reach(doc) if self._early else _ALL)
            self._hosts.add(doc.host)

    def under(self) -> Under:
        """What the pages so far were under."""
        if self._rules is None:
            return Under(self._version)
        groups, library = tuple(sorted(self._groups)), self._rules.matching.library
        return Under(library.version, self._rules.matching.version_of(groups), library.tells, groups, tuple(sorted(self._hosts)))


def touched(before: Under, pipeline: Pipeline) -> bool:
    """Whether the rules of a pipeline may do something else to pages that were cleaned under others.

    They do not while the files in force on the pages are the same, in the same order, and no other file can be told to hold: by
    its domains (the hosts are known), by its language (a page is under all files of it, or under all languages), by a platform's
    signs or generator (as long as no platform has others than before: what stood on the pages is not known any more).
    """
    rules = _rules(pipeline)
    if rules is None or before.rules == pipeline.rules_version:
        return before.rules != pipeline.rules_version
    matching = rules.matching
    if matching.version_of(before.groups) != before.files:
        return True
    if before.hosts and matching.library.tells != before.tells:
        return True
    return any(not has(before.groups, name) for host in before.hosts for name in matching.of_host(host))


def _rules(pipeline: Pipeline) -> Rules | None:
    """The rules of the step site-rules; None where the pipeline has no such step, or another one that goes by files."""
    return pipeline.ruled.rules if isinstance(pipeline.ruled, SiteRules) else None
