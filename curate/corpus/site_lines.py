"""Drop the lines that a site repeats on its pages: what is left of menus, notices, teasers and footers that no rule knows.

A line is compared by its folded words, and all numbers in it are the same. It goes from all pages of the host, the first one too,
when it stands on enough of them; tools that keep the first copy of everything leave one banner behind. Copies of one page count
once: documents with the same address, and documents that have their longest own line in common.

What a host repeats may still be text, so there are guards. A line that reads as prose (a disclaimer, a donation appeal) goes only
where nine in ten copies stand in the same place, counted from the top or from the end, and where the page model did not trust it:
four in five sentences of articles have more than a measure of .95. A copy in another place stays. Any line between the sentences of an
article (a quotation, "What happened next?", "Example") goes only where the model doubted it. Without stored measures (`store = true`
of `page-model`) such lines stay. What a `keep` rule names stays; without one the byline of a site that has one author goes.

The measure is the share of the host's pages that have the line, the limit is `share`. The rules are `recurs` and, for lines that read
as prose, `recurs-in-place`. With `action = "report"` nothing goes. The lines found are kept with the run, for `curate rules suggest`.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
from msgspec import Meta

from curate.duplicates.corpus import Corpus, Drops
from curate.duplicates.documents import string
from curate.duplicates.lines import Lines
from curate.duplicates.recurring import Asked, Found, recurring

CANDIDATES: Final = "lines.jsonl"  # the lines found, one a row, in the step's folder
_RULES: Final = ("recurs", "recurs-in-place")


class Recurring(msgspec.Struct, frozen=True):
    """A line that recurs on a host's pages, and where it stands."""

    host: str
    key: str  # of the line with its host, hexadecimal
    pages: int  # different ones that have it
    of: int  # that the host has
    share: float
    from_top: tuple[int, int]  # paragraphs before it that lived, the least and the most
    from_end: tuple[int, int]  # and behind it
    measure: float  # the page model's, on the average; -1 where it was not stored
    doc: str  # where it stands first
    paragraph: int


@dataclass(frozen=True, slots=True)
class SiteLines:
    share: Annotated[float, Meta(gt=0, le=1, description="share of the host's pages that must have the line")] = 0.3
    min_pages: Annotated[int, Meta(ge=2, description="pages of the host that must have the line; copies of a page count once")] = 4
    host_pages: Annotated[int, Meta(ge=2, description="pages that a host must have before anything is said of it")] = 5
    max_chars: Annotated[int, Meta(ge=1, description="characters that the line may have")] = 400
    spread: Annotated[
        int, Meta(ge=0, description="paragraphs by which the place of a line that reads as prose may differ from where most copies stand")
    ] = 2
    model_at_most: Annotated[
        float, Meta(ge=0, le=1, description="mean measure of the page model up to which a line goes that reads as prose")
    ] = 0.95
    inside_at_most: Annotated[
        float, Meta(ge=0, le=1, description="the same for any line that stands between the sentences of an article")
    ] = 0.5
    action: Annotated[
        Literal["drop", "report"], Meta(description="what is done with such lines: drop takes out all copies, report says what would go")
    ] = "drop"

    @property
    def sketcher(self) -> Lines:
        """What is written down of each page."""
        return Lines()

    def settle(self, corpus: Corpus) -> Drops:
        """What goes, of all that is alive."""
        asked = Asked(self.min_pages, self.share, self.host_pages, self.max_chars, self.spread, self.model_at_most, self.inside_at_most)
        found = recurring(corpus, self.sketcher.name, asked)
        lines = sorted(_lines(corpus, found), key=lambda line: (line.host, -line.share, line.key))
        (corpus.work / CANDIDATES).write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        count = len(found.rows)
        return Drops(
            rows=found.rows,
            rules=found.in_place.astype(np.uint8),
            measures=found.shares,
            limits=np.full(count, self.share),
            of=np.full(count, -1, dtype=np.int64),
            names=_RULES,
            reports=self.action == "report",
        )


def _lines(corpus: Corpus, found: Found) -> list[Recurring]:
    """The groups found, with names for their numbers; the documents of one shard at a time are open."""
    groups, lines = found.groups, []
    firsts = np.cumsum([0, *(len(shard.documents["doc"]) for shard in corpus.shards)])
    shards = np.searchsorted(firsts, groups["doc"], side="right") - 1
    opened, table = -1, {}
    for number in np.argsort(shards, kind="stable").tolist():
        shard = int(shards[number])
        if shard != opened:
            opened, table = shard, corpus.shards[shard].documents
        own, row = int(groups["doc"][number] - firsts[shard]), int(groups["row"][number] - corpus.offsets[shard])
        lines.append(
            Recurring(
                host=string(table, "host", own),
                key=f"{groups['key'][number]:016x}",
                pages=int(groups["pages"][number]),
                of=int(groups["of"][number]),
                share=float(groups["share"][number]),
                from_top=(int(groups["from_top_least"][number]), int(groups["from_top_most"][number])),
                from_end=(int(groups["from_end_least"][number]), int(groups["from_end_most"][number])),
                measure=float(groups["measure"][number]),
                doc=table["doc"][own].decode("ascii"),
                paragraph=int(table["paragraph"][row]),
            )
        )
    return lines
