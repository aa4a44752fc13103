"""Drop documents that repeat another one: the same page at two addresses, an agency story on two sites, a truncated copy.

The shingles of a document are those of its live paragraphs. Two documents repeat each other when these agree by
Jaccard's measure (Broder 1997), or when one begins as the other and is contained in it. A document's signature is the
least of its paragraphs' signatures, place by place, so this step shares its sketch with `duplicate-paragraphs`. Pairs
found by bands are measured exactly before a document goes, which MinHash pipelines (Lee et al. 2022, datatrove) leave out.

Of the copies stays the one of the earliest date (undated last), then of the first address; of a document and its
truncated copy the whole one. Paragraphs that documents share which are different otherwise are no matter of this step.
"""

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from curate.duplicates.corpus import Corpus, Drops
from curate.duplicates.items import Near
from curate.duplicates.near import settle
from curate.duplicates.parameters import BandRows, Bands, Containment, Policy, ShingleWords
from curate.duplicates.sketch import Shingled


@dataclass(frozen=True, slots=True)
class DuplicateDocuments:
    jaccard: Annotated[
        float, Meta(gt=0, le=1, description="shared share of all word shingles of two documents, from which on they repeat each other")
    ] = 0.8
    containment: Containment = 0.95
    min_words: Annotated[int, Meta(ge=3, description="words in live paragraphs from which on a document is compared")] = 50
    shingle: ShingleWords = 3
    bands: Bands = 20
    rows: BandRows = 6
    policy: Policy = "keep-one"

    @property
    def sketcher(self) -> Shingled:
        return Shingled(shingle=self.shingle, bands=self.bands, rows=self.rows)

    def settle(self, corpus: Corpus) -> Drops:
        near = Near(
            sketch=self.sketcher.name,
            whole=True,
            bands=self.bands,
            rows=self.rows,
            short=0,
            min_words=self.min_words,
            list_words=0,
            jaccard=self.jaccard,
            short_jaccard=self.jaccard,
            containment=self.containment,
            keep_one=self.policy == "keep-one",
        )
        return settle(corpus, near)
