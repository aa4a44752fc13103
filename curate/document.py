"""A page on its way through the steps: one text, the paragraphs in it, what is known of them, what changed.

A document's text is cut into paragraphs by offsets: a non-empty line of a text page, a block element of an HTML
page. Steps read it and propose `Change`s; only the pipeline applies them, through `apply`, and every change stays
in `changes`. Nothing is deleted: a paragraph that is dropped is no longer `live`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from curate.text.codepoints import Bools, CodePoints, Ints, code_points, is_space
from curate.text.folding import Folded
from curate.text.shingles import Words, words


class Of(NamedTuple):
    """The paragraph that a duplicate repeats; `doc` is "" where there is none."""

    doc: str = ""
    paragraph: int = 0


NOTHING: Final = Of()
KEPT: Final = 1.0  # the measure of a report which says that a rule keeps the paragraph
WHOLE: Final = -1  # the paragraph number of a change that drops the whole document


class Change(NamedTuple):
    """What a step proposes: the span [start, end) of a paragraph, in code points as it stands, becomes `new`.

    A paragraph is dropped by a span over all of it and no `new`; a document by `paragraph=WHOLE`. A change of nothing
    (no span, no `new`) is a report: something was seen, and left as it is.
    """

    paragraph: int
    start: int
    end: int
    new: str = ""
    rule: str = ""
    measure: float = 0.0
    limit: float = 0.0
    of: Of = NOTHING


class Applied(NamedTuple):
    """A change as it was carried out: who made it, what it took away and what it put there. See `Change`."""

    step: str
    paragraph: int
    start: int
    end: int
    text: str
    new: str
    rule: str
    measure: float
    limit: float
    of: Of

    @property
    def reports(self) -> bool:
        """Whether it only says what was seen."""
        return not (self.text or self.new)

    @property
    def keeps(self) -> bool:
        """Whether it says that a rule keeps the paragraph. What would have gone by a limit is another report, with that limit."""
        return self.reports and self.measure == KEPT and not self.limit


class Source(NamedTuple):
    """Where a page was read: path relative to its input, place of the record in it, and what its bytes were."""

    path: str
    record: int = 0  # byte offset of the record in the (decompressed) file; 0 for a file that is one page
    sha256: str = ""
    encoding: str = "utf-8"


_BYTE_ORDER_MARK: Final = 0xFEFF
_NONE: Final = np.zeros(0, dtype=np.int32)


class Facts(NamedTuple):
    """What the HTML reader knows of each paragraph; arrays have one entry a paragraph.

    Element numbers point into the element lists, which hold block elements in the order they were opened; the
    parent of element 0, the body, is -1.
    """

    tags: Sequence[str]  # the tag whose text the paragraph is
    link_chars: Ints  # characters inside links
    headings: Ints  # 1 to 6, 0 for no heading
    flags: Ints  # bits of LIST, TABLE, FIGURE, QUOTE, PRE: what the paragraph stands in
    elements: Ints  # the number of the block element it stands in: its container
    element_tags: Sequence[str]
    element_parents: Sequence[int]
    element_names: Sequence[str]  # class and id of each element, as written, parted by blanks
    element_covers: Sequence[frozenset[int]] = ()  # numbers of the selectors that match each element or one around it
    element_attributes: Sequence[Mapping[str, str | None]] = ()  # of each element, as written
    element_firsts: Ints = _NONE  # the first paragraph in each element or below it
    element_ends: Ints = _NONE  # and the one after the last
    strong_chars: Ints = _NONE  # characters inside `b`, `strong`, `em` and `i`, white space as written
    links: Ints = _NONE  # how many links begin in the paragraph
    media: Ints = _NONE  # images and players in it or between it and the paragraph before

    def covers(self, paragraph: int) -> frozenset[int]:
        """The numbers of the selectors, in `Document.selectors`, that cover a paragraph."""
        return self.element_covers[int(self.elements[paragraph])] if self.element_covers else frozenset()

    def tokens(self, paragraph: int, levels: int = 3) -> frozenset[str]:
        """The class and id tokens of the nearest `levels` containers, lower-cased."""
        found: set[str] = set()
        element = int(self.elements[paragraph])
        while element >= 0 and levels:
            found.update(self.element_names[element].lower().split())
            element, levels = self.element_parents[element], levels - 1
        return frozenset(found)


LIST: Final = 1
TABLE: Final = 2
FIGURE: Final = 4
QUOTE: Final = 8
PRE: Final = 16

NO_FACTS: Final = Facts((), _NONE, _NONE, _NONE, _NONE, (), (), ())


def host_of(site: str, url: str) -> str:
    """The host name of a page whose site is given, or else of its address; "" for none."""
    try:
        return site.lower() or urlsplit(url).hostname or ""
    except ValueError:  # an address that is none
        return ""


class Paragraph(NamedTuple):
    """A view of one paragraph."""

    number: int
    text: str
    kept: bool


class Document:
    """One page. See the module for what it holds and who may change it."""

    def __init__(
        self,
        page: str,
        starts: Ints,
        ends: Ints,
        *,
        blank_before: Bools,
        doc: str = "",
        source: Source = Source(""),  # noqa: B008  # immutable
        facts: Facts | Callable[[], Facts] = NO_FACTS,  # or what reads them when they are asked for
        is_html: bool = False,
    ) -> None:
        self.page = page  # the text with the white space between paragraphs, as it stands now
        self.starts, self.ends = starts, ends  # code points, in reading order; a dropped paragraph keeps its span
        self.blank_before = blank_before  # whether a blank line stands before the paragraph in the input
        self.doc = doc  # the key of this page in every record
        self.source = source
        self._facts = facts
        self.is_html = is_html
        self.selectors: tuple[str, ...] = ()  # those that steps asked for, run on the page's tree when it was read
        self.live: Bools = np.ones(len(starts), dtype=np.bool_)
        self.id = self.url = self.site = self.title = self.date = self.site_name = self.declared_lang = ""
        self.generator = ""  # what an HTML page says it was made with
        self.description = self.article_body = ""  # what it says it is about, and the text that it gives scripts and search engines
        self.meta = "{}"
        self.raw = b""  # the page's bytes, only where decoding them cannot be undone
        self.tags: dict[str, str | float] = {}
        self.measures: dict[str, list[float]] = {}
        self.held: frozenset[int] = frozenset()  # paragraphs that copies elsewhere have gone for: nothing takes them out any more
        self.changes: list[Applied] = []
        self.format = "text"  # of the file it was read from: text, html, jsonl
        self.outcome, self.reason = "kept", ""
        self.read = len(starts)
        self.chars_read = int((ends - starts).sum())

    @property
    def host(self) -> str:
        """The site the page is of, as a host name: the one given, or the URL's; "" for none."""
        return host_of(self.site, self.url)

    @cached_property
    def facts(self) -> Facts:
        """What the reader found besides the text; of a text page nothing."""
        return self._facts if isinstance(self._facts, Facts) else self._facts()

    @cached_property
    def points(self) -> CodePoints:
        """The code points of `page`."""
        return code_points(self.page)

    @cached_property
    def folded(self) -> Folded:
        """The folded copy that all steps compare; made anew after the text has changed."""
        return Folded(self.points, self.starts)

    @cached_property
    def words(self) -> Words:
        """The words of the folded copy, hashed; made anew after the text has changed."""
        return words(self.folded.points, self.folded.line_numbers())

    @cached_property
    def lengths(self) -> Ints:
        """Code points of each paragraph as it stands."""
        return self.ends - self.starts

    @property
    def link_chars(self) -> Ints:
        """Code points inside links, for each paragraph; zeros without a DOM."""
        return self.facts.link_chars if self.is_html else np.zeros(self.read, dtype=np.int32)

    def text_of(self, paragraph: int) -> str:
        """One paragraph as it stands (as it last stood, if it was dropped)."""
        return self.page[self.starts[paragraph] : self.ends[paragraph]]

    @property
    def kept(self) -> list[int]:
        """The numbers of the live paragraphs."""
        return np.flatnonzero(self.live).tolist()

    @property
    def kept_by_rule(self) -> frozenset[int]:
        """The numbers of the paragraphs that a rule keeps from all steps that go by guess."""
        return frozenset(change.paragraph for change in self.changes if change.keeps)

    @property
    def chars_kept(self) -> int:
        """Code points of the live paragraphs."""
        return int(self.lengths[self.live].sum())

    @property
    def paragraphs(self) -> Iterator[Paragraph]:
        """Every paragraph read, in reading order."""
        for number, live in enumerate(self.live.tolist()):
            yield Paragraph(number, self.text_of(number), live)

    @property
    def text(self) -> str:
        """The live paragraphs, parted by a line break, or by a blank line where the input had one between them."""
        kept = np.flatnonzero(self.live)
        blanks = np.diff(np.cumsum(self.blank_before)[kept], prepend=0)
        spans = zip(blanks.tolist(), self.starts[kept].tolist(), self.ends[kept].tolist(), strict=True)
        return "".join([("\n\n" if blank else "\n") + self.page[start:end] for blank, start, end in spans]).lstrip("\n")

    def apply(self, step: str, changes: Iterable[Change]) -> None:
        """Carry out a step's changes of live paragraphs, in order, and write them down.

        A span taken out takes the white space along that it would leave at an edge of its paragraph; a change
        that leaves nothing is a drop, and of a held paragraph a report. Raises IndexError for a paragraph that is gone
        or a span outside of it.
        """
        rewritten: dict[int, str] = {}
        for change in changes:
            number = change.paragraph
            if not 0 <= number < self.read:
                raise IndexError(f"{step}: no paragraph {number} in {self.doc}, which has {self.read}")
            text = rewritten[number] if number in rewritten else self.text_of(number)
            if not (self.live[number] and 0 <= change.start <= change.end <= len(text)):
                raise IndexError(f"{step}: no such span in paragraph {number} of {self.doc}: {change}")
            _, start, end, new, rule, measure, limit, of = change
            left, right = text[:start], text[end:]
            if start < end and not new and (left or right):
                left, right = _joined(left, right)
                start, end = len(left), len(text) - len(right)
            if number in self.held and not (left or right or new):
                start = end = 0
            self.changes.append(Applied(step, number, start, end, text[start:end], new, rule, measure, limit, of))
            if start == end and not new:
                continue
            if left or right or new:
                rewritten[number] = left + new + right
            else:
                self.live[number] = False
        if rewritten:
            self._rewrite(rewritten)

    def _rewrite(self, texts: dict[int, str]) -> None:
        """Put new texts in the place of paragraphs; whatever was derived from the old page is made anew."""
        pieces, at = [], 0
        growth = np.zeros(self.read, dtype=np.int32)
        for number in sorted(texts):
            pieces += [self.page[at : self.starts[number]], texts[number]]
            at = int(self.ends[number])
            growth[number] = len(texts[number]) - self.lengths[number]
        self.page = "".join([*pieces, self.page[at:]])
        after = np.cumsum(growth, dtype=np.int32)
        self.starts, self.ends = self.starts + after - growth, self.ends + after
        for name in ("points", "folded", "words", "lengths"):
            self.__dict__.pop(name, None)


def _joined(left: str, right: str) -> tuple[str, str]:
    """What stays on both sides of a span that is taken out, without the white space that would be left over."""
    left, right = (left if right.strip() else left.rstrip()), (right if left.strip() else right.lstrip())
    above, below = left.rstrip(" \t"), right.lstrip(" \t")
    if above.endswith("\n") and below.startswith("\n"):  # a line of several went: a paragraph has no blank lines
        return above, below[1:]
    return left, right


def document_of_lines(page: str) -> Document:
    r"""A text page: each line with anything but white space in it is a paragraph, without the space at its ends.

    Line ends are \n, \r\n and \r only; form feeds and Unicode line separators are white space inside a line.
    """
    points = code_points(page)
    newline, carriage = points == 10, points == 13  # noqa: PLR2004  # \n and \r
    breaks = newline | carriage
    if carriage.any():  # of \r\n only the \n counts
        breaks[:-1] &= ~(carriage[:-1] & newline[1:])
    blank = is_space(points)
    above = int(np.argmin(np.append(blank | (points == _BYTE_ORDER_MARK), False)))
    blank[:above] = True  # a byte order mark before the first line is none of its characters; elsewhere it is a character
    ink = np.flatnonzero(~blank)
    bounds = np.concatenate(([0], np.searchsorted(ink, np.flatnonzero(breaks)), [len(ink)]))
    lines = np.flatnonzero(np.diff(bounds))
    starts = ink[bounds[lines]].astype(np.int32)
    ends = (ink[bounds[lines + 1] - 1] + 1).astype(np.int32)
    document = Document(page, starts, ends, blank_before=np.diff(lines, prepend=lines[:1]) > 1)
    document.__dict__["points"] = points
    return document


def document_of_blocks(blocks: Sequence[str], facts: Facts) -> Document:
    """An HTML page: its paragraphs, none of them blank, with what the reader knows of each."""
    lengths = np.fromiter(map(len, blocks), dtype=np.int32, count=len(blocks))
    ends = np.cumsum(lengths + 1, dtype=np.int32) - 1
    blank = np.ones(len(blocks), dtype=np.bool_)
    blank[:1] = False
    return Document("\n".join(blocks), (ends - lengths).astype(np.int32), ends, blank_before=blank, facts=facts, is_html=True)
