"""The lines that stand on several pages of a site, each with where it stands: what rules are suggested from."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, NamedTuple

from msgspec import Meta

from curate.document import Document
from curate.text.folding import fold
from curate.text.prose import WIDE, reads_as_prose

_LONG_LINE: Final = 80  # characters of a line by which two pages are told to be copies
_PARTS: Final = 2
_HEADLINE: Final = 5  # words
_HEADLINE_WIDE: Final = 15  # characters, where they are syllables or words
_TITLE: Final = 3  # words
# What no reader of a rule file could see: control characters, half characters, marks that turn the writing around.
UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_CODE: Final = re.compile(r"[{(\[;=]$|[;)\]]\)|\(\)|=>|</")
_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Mining:
    """What a line must have for it to be suggested."""

    of: Annotated[int, Meta(ge=2, description="different pages that a site must have; copies of one article count once")] = 3
    pages: Annotated[int, Meta(ge=2, description="pages of the site that a line must stand on")] = 2
    share: Annotated[float, Meta(gt=0, le=1, description="share of the site's pages that it must stand on")] = 0.3
    prose_pages: Annotated[
        int, Meta(ge=2, description="the same for a line that reads as body text: a sentence, or a line amid sentences")
    ] = 3
    headline_pages: Annotated[
        int, Meta(ge=2, description="the same for one that may be a headline: several words, and none that tell what it is")
    ] = 4
    prose_share: Annotated[float, Meta(gt=0, le=1, description="share of the site's pages that lines of these two kinds must stand on")] = (
        0.5
    )
    letters: Annotated[int, Meta(ge=1, description="letters that a line must have; one that is a syllable or a word counts as two")] = 3
    chars: Annotated[int, Meta(ge=1, description="characters that it may have")] = 400
    edge: Annotated[int, Meta(ge=1, description="lines from the top or the bottom within which a line always stands to be held there")] = (
        100
    )
    alike: Annotated[
        float, Meta(gt=0, le=1, description="share of the long lines of the shorter of two pages from which they are copies of an article")
    ] = 0.5
    most: Annotated[int, Meta(ge=2, description="pages of a site that are looked at, the first ones")] = 200


class Page(NamedTuple):
    """A page after the rules in force: its lines, and which of them none of the rules touches."""

    host: str
    language: str  # "und" where nobody knows
    title: str
    site_name: str
    lines: tuple[str, ...]
    folded: tuple[str, ...]
    free: tuple[bool, ...]


class Seen(NamedTuple):
    """Where a line stands on one page."""

    page: int
    number: int
    from_end: int
    inside: bool  # whether it stands between sentences that no other page has: in the article, or in a list of others


@dataclass(slots=True)
class Line:
    """A line and all the places where it stands, by the pages' numbers."""

    folded: str
    written: Counter[str] = field(default_factory=Counter)
    places: list[Seen] = field(default_factory=list)

    @property
    def text(self) -> str:
        """As it is written most often."""
        return min(self.written, key=lambda text: (-self.written[text], text))

    @property
    def pages(self) -> frozenset[int]:
        """The pages it stands on."""
        return frozenset(place.page for place in self.places)


def page_of(doc: Document) -> Page:
    """What mining needs of a cleaned document. What a site's own rules only report counts as touched: it need not be found again."""
    touched = {change.paragraph for change in doc.changes if not change.reports or change.rule.startswith("sites/")}
    texts = tuple(" ".join(doc.text_of(number).split()) for number in range(doc.read))
    free = tuple(live and number not in touched for number, live in enumerate(doc.live.tolist()))
    return Page(doc.host, str(doc.tags.get("lang", "und")), doc.title, doc.site_name, texts, tuple(doc.folded.lines), free)


def different(pages: Sequence[Page], mining: Mining) -> list[Page]:
    """The pages without the copies of one article: of two with mostly the same long lines the first stays.

    Long lines that all pages have are the site's own and tell nothing, unless a page has no others.
    """
    sets = [frozenset(line for line in page.folded if len(line) >= _LONG_LINE) for page in pages]
    common = frozenset.intersection(*sets) if len(sets) > 1 else frozenset[str]()
    sets = [long - common or long or frozenset(page.folded) for long, page in zip(sets, pages, strict=True)]
    chars = [sum(map(len, long)) for long in sets]
    kept: list[int] = []
    for number, long in enumerate(sets):
        if not any(sum(map(len, long & sets[other])) >= mining.alike * max(1, min(chars[number], chars[other])) for other in kept):
            kept.append(number)
    return [pages[number] for number in kept]


def lines_of(pages: Sequence[Page], mining: Mining) -> dict[str, Line]:
    """The free lines of pages that a rule could be about, by their folded text. Titles of the pages are none of them."""
    titles = {fold(page.title) for page in pages}
    times = Counter(line for page in pages for line in set(page.folded))
    found: dict[str, Line] = {}
    for number, page in enumerate(pages):
        own = [place for place, line in enumerate(page.lines) if reads_as_prose(line) and times[page.folded[place]] == 1]
        first, last = (own[0], own[-1]) if own else (0, -1)
        for place, (text, folded, free) in enumerate(zip(page.lines, page.folded, page.free, strict=True)):
            if not free or len(text) > mining.chars or _letters(folded) < mining.letters or UNSEEN.search(text) or _CODE.search(text):
                continue
            if folded in titles or (folded.count(" ") >= _TITLE - 1 and any(title.startswith(folded) for title in titles)):
                continue
            line = found.setdefault(folded, Line(folded))
            line.written[text] += 1
            line.places.append(Seen(number, place, len(page.lines) - place, first < place < last))
    return found


def _letters(folded: str) -> int:
    """The letters of a line; one that is a syllable or a word counts as two."""
    return len(_LETTER.findall(folded)) + len(WIDE.findall(folded))


def amid_sentences(line: Line) -> bool:
    """Whether it mostly stands where an article's own lines do."""
    return 2 * sum(place.inside for place in line.places) >= len(line.places)


def recurs_in_articles(line: Line) -> bool:
    """Whether it stands there more than twice on a page, or more than once on most: as the labels of an article's parts do."""
    times = Counter(place.page for place in line.places if place.inside).values()
    return any(count > _PARTS for count in times) or 2 * sum(count > 1 for count in times) >= len(line.pages)


def like_a_headline(line: Line) -> bool:
    """Whether it has as many words as a headline; none that names something on every page is so long."""
    return line.folded.count(" ") + 1 >= _HEADLINE or bool(len(line.text) >= _HEADLINE_WIDE and WIDE.search(line.text))
