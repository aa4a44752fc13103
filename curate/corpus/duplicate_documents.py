"""Drop documents that repeat another one: the same page at two addresses, an agency story on two sites, a truncated copy.

The shingles of a document are those of its live paragraphs. Two documents repeat each other when these agree by
Jaccard's measure (Broder 1997), or when one begins as the other and is contained in it. A document's signature is the
least of its paragraphs' signatures, place by place, so this step shares its sketch with `duplicate-paragraphs`. Pairs
found by bands are measured exactly before a document goes, which MinHash pipelines (Lee et al. 2022, datatrove) leave out.

Of the copies stays the one of the earliest date (undated last), then of the first address; of a document and its
truncated copy the whole one. Paragraphs that documents share which are different otherwise are no matter of this step.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from curate.duplicates.corpus import Corpus, Drops
from curate.duplicates.items import Near
from curate.duplicates.near import settle
from curate.duplicates.sketch import Shingled


@dataclass(frozen=True, slots=True)
class DuplicateDocuments:
    jaccard: Annotated[
        float, Meta(gt=0, le=1, description="shared share of all word shingles of two documents, from which on they repeat each other")
    ] = 0.8
    containment: Annotated[
        float,
        Meta(gt=0, le=1, description="share of the shorter one's shingles that the longer one has, where both begin alike, for the same"),
    ] = 0.95
    min_words: Annotated[int, Meta(ge=3, description="words in live paragraphs from which on a document is compared")] = 50
    shingle: Annotated[int, Meta(ge=1, le=8, description="words in a shingle")] = 3
    bands: Annotated[
        int, Meta(ge=1, le=100, description="bands of the signature; 20 of 6 rows find .99 of the pairs with a measure of .8")
    ] = 20
    rows: Annotated[int, Meta(ge=1, le=20, description="values of the signature in a band")] = 6
    policy: Annotated[Literal["keep-one", "drop-all"], Meta(description="whether one copy stays, or none (but what an index holds)")] = (
        "keep-one"
    )

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
