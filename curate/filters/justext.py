"""Drop paragraphs that read unlike sentences: jusText's own classifier, as an alternative to rules.

jusText (Pomikálek 2011) looks at three things of a paragraph, its length, its share of characters in links and its share of
stop words, and calls it good, bad, or, where it cannot tell, short or near-good. These two then go by their neighbours: what
stands between good paragraphs stays. It runs here on the paragraphs that the steps before it have left, and the stop words are
those of the page's language, so `language` belongs before it. Without a list for the language jusText's language-independent
mode is used, which goes by lengths and links alone. All defaults are the published ones.

The rule says why: `bad-link-density`, `bad-copyright` (a copyright sign), `bad-short-link` (short, with a link in it),
`bad-stop-words` (long, with few of them), and `short` or `neargood` for those that had no good paragraph near them. The measure
is what kept the paragraph from being good by itself. A text page has no headings and no links: its title goes, as all short
lines at an edge do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Final

from msgspec import Meta

from curate.document import Change, Document
from curate.text.stop_words import stop_words

_COPYRIGHT: Final = ("©", "&copy")  # what jusText takes for one


@dataclass(slots=True)
class _Block:
    """A paragraph as jusText's functions want one; they set the last three fields."""

    text: str  # blanks are single, as jusText counts them
    words: Sequence[str]  # folded
    chars_count_in_links: int
    is_heading: bool
    dom_path: str = ""  # asked only whether it stands in a <select>, which no paragraph here does
    heading: bool = False
    cf_class: str = ""  # the class by itself
    class_type: str = ""  # the class among its neighbours

    def __len__(self) -> int:
        return len(self.text)

    def stopwords_density(self, words: frozenset[str]) -> float:
        """The share of words that are stop words."""
        return sum(word in words for word in self.words) / len(self.words) if self.words else 0.0

    def links_density(self) -> float:
        """The share of characters in links."""
        return self.chars_count_in_links / len(self.text)


@dataclass(frozen=True, slots=True)
class Justext:
    length_low: Annotated[int, Meta(ge=0, description="characters below which a paragraph is short")] = 70
    length_high: Annotated[int, Meta(ge=0, description="characters above which a paragraph full of stop words is good by itself")] = 200
    stopwords_low: Annotated[float, Meta(ge=0, le=1, description="share of words that are stop words, below which a paragraph is bad")] = (
        0.3
    )
    stopwords_high: Annotated[
        float, Meta(ge=0, le=1, description="the same, from which on a paragraph is good if it is long, and near-good if not")
    ] = 0.32
    max_link_density: Annotated[float, Meta(ge=0, le=1, description="share of characters in links, above which a paragraph is bad")] = 0.2
    max_heading_distance: Annotated[
        int, Meta(ge=0, description="characters between a heading and the good paragraph below it, up to which a short one stays")
    ] = 200
    no_headings: Annotated[bool, Meta(description="whether headings are treated as any paragraph")] = False

    def judge(self, doc: Document) -> Iterator[Change]:
        from justext.core import classify_paragraphs, revise_paragraph_classification  # noqa: PLC0415  # loads lxml: 60 ms

        words = stop_words(str(doc.tags.get("lang", "")))
        low, high = (self.stopwords_low, self.stopwords_high) if words else (0.0, 0.0)  # what jusText does without a list
        numbers, kept = doc.kept, doc.kept_by_rule
        blocks = _blocks(doc, numbers)
        classify_paragraphs(
            blocks,
            words,
            self.length_low,
            self.length_high,
            low,
            high,
            max_link_density=self.max_link_density,
            no_headings=self.no_headings,
        )
        groups = _grouped(blocks)
        revise_paragraph_classification([group for group, _ in groups], self.max_heading_distance)
        revised = [group.class_type for group, size in groups for _ in range(size)]
        for number, block, final in zip(numbers, blocks, revised, strict=True):
            if final != "good" and number not in kept:
                rule, measure, limit = self._why(block, block.stopwords_density(words), low, high)
                yield Change(number, 0, int(doc.lengths[number]), rule=rule, measure=round(measure, 6), limit=limit)

    def _why(self, block: _Block, density: float, low: float, high: float) -> tuple[str, float, float]:
        """Rule, measure and limit: what kept a paragraph from being good by itself, in the order in which jusText asks."""
        if block.cf_class == "short":
            return "short", len(block), self.length_low
        if block.cf_class == "neargood":
            return ("neargood", density, high) if density < high else ("neargood", len(block), self.length_high)
        if block.links_density() > self.max_link_density:
            return "bad-link-density", block.links_density(), self.max_link_density
        if any(sign in block.text for sign in _COPYRIGHT):
            return "bad-copyright", 0.0, 0.0
        if len(block) < self.length_low:
            return "bad-short-link", len(block), self.length_low
        return "bad-stop-words", density, low


def _blocks(doc: Document, numbers: Sequence[int]) -> list[_Block]:
    """The paragraphs with what jusText asks of them."""
    lines, in_links = doc.folded.lines, doc.link_chars.tolist()
    headings = doc.facts.headings.tolist() if doc.is_html else [0] * doc.read
    blocks = []
    for number in numbers:
        text = " ".join(doc.text_of(number).split())
        # Links are counted when a page is read: of a paragraph that was cut since, there may be more in links than is left.
        blocks.append(_Block(text, lines[number].split(), min(in_links[number], len(text)), headings[number] > 0))
    return blocks


def _grouped(blocks: Sequence[_Block]) -> list[tuple[_Block, int]]:
    """Blocks for the look at neighbours, each with the number of those it stands for.

    A run of short or of near-good ones that are no headings is made one, long as all of them: they have the same
    neighbours and get the same class. jusText looks for neighbours from each anew, which takes minutes where tens of thousands of
    short lines follow each other.
    """
    groups = []
    for (cf_class, heading), run in groupby(blocks, lambda block: (block.cf_class, block.heading)):
        found = list(run)
        if heading or cf_class not in {"short", "neargood"}:
            groups += [(block, 1) for block in found]
        else:
            text = "".join([block.text for block in found])
            groups.append((_Block(text, (), 0, is_heading=False, cf_class=cf_class), len(found)))
    return groups
