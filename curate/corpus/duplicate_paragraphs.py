"""Drop paragraphs that other documents have too, word for word or nearly: agency copy, quotations, notices on every page.

Two paragraphs repeat each other when their word shingles agree by Jaccard's measure (Broder 1997), or when one is the
beginning of the other: a teaser cut off. Pairs are found by MinHash and bands of it, as Lee et al. (2022) and datatrove
do, but each is measured exactly before anything goes, and only paragraphs are taken out and not the pages around them. Of
the copies stays the one of the earliest date (undated last), then of the first address; of a paragraph and its
beginning the whole one. CCNet (Wenzek et al. 2020) drops exact copies only, and C4 every copy but one of three sentences.

Lines of up to 8 words stay unless `min_words` says otherwise: of 274 that went across 820 labelled pages under the preset
`corpus`, 190 were text ("Pros and Cons", a date, a telephone number). Where asked for they are compared by their
characters, digits masked, and only with a high limit: "Photo: Ann Bell" and "Photo: Ann Hill" are two facts. List items,
cells and headings go only as exact copies of many words. What one document says twice is the matter of `repeats`.
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
class DuplicateParagraphs:
    jaccard: Annotated[
        float, Meta(gt=0, le=1, description="shared share of all word shingles of two paragraphs, from which on they repeat each other")
    ] = 0.8
    containment: Containment = 0.95
    short_jaccard: Annotated[
        float, Meta(gt=0, le=1, description="the same as jaccard for lines of 3 to 8 words, of their character shingles")
    ] = 0.9
    min_words: Annotated[int, Meta(ge=3, description="words from which on a paragraph is compared; 3 for short lines too")] = 9
    list_words: Annotated[
        int, Meta(ge=3, description="words from which on list items, cells and headings are compared, for exact copies only")
    ] = 20
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
            whole=False,
            bands=self.bands,
            rows=self.rows,
            short=self.sketcher.short,
            min_words=self.min_words,
            list_words=self.list_words,
            jaccard=self.jaccard,
            short_jaccard=self.short_jaccard,
            containment=self.containment,
            keep_one=self.policy == "keep-one",
        )
        return settle(corpus, near)
