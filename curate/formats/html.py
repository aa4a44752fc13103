"""HTML pages: a paragraph is the text of a block element, in reading order, with what the tree says of it."""

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from curate.document import FIGURE, LIST, PRE, QUOTE, TABLE, Document, Facts, document_of_blocks, host_of
from curate.formats.decode import decode
from curate.formats.html_depth import depth
from curate.formats.html_metadata import metadata
from curate.formats.limits import Limits, check

Selectors = Callable[[str, str], Sequence[str]]  # CSS selectors by host and generator


def no_selectors(_host: str, _generator: str) -> Sequence[str]:
    """What there is to select where no step asks for anything."""
    return ()


BLOCKS: Final = frozenset(
    "address article aside blockquote body button caption center dd details dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav noscript ol p pre search section summary table tbody "
    "td tfoot th thead tr ul".split()
)
# Elements whose content is no text of the page, or is not shown.
UNREAD: Final = frozenset(
    "-comment annotation annotation-xml audio canvas datalist dialog embed head iframe noembed noframes "
    "object option rp rt script select style svg template textarea title video".split()
)
_SPECIAL: Final = UNREAD | {"br", "hr", "img"}
_MEDIA: Final = frozenset(("img", "audio", "iframe", "video"))
_STRONG: Final = frozenset(("b", "strong", "em", "i"))
_FLAGS: Final = {
    **dict.fromkeys(("ul", "ol", "dl", "menu", "dir"), LIST),
    "table": TABLE,
    **dict.fromkeys(("figure", "figcaption"), FIGURE),
    "blockquote": QUOTE,
    "pre": PRE,
}
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
# Only `hidden` and inline styles are looked at: what style sheets hide cannot be told without a browser.
# React streams content in hidden elements "S:0", "S:1", … that a script then puts in its place (React 18, Fizz).
_HIDDEN: Final = '[hidden]:not([hidden="until-found" i], [id^="S:"]), [style*="display:none" i], [style*="display: none" i]'
_MOSTLY: Final = 2  # times the text that is shown, from which on a page hides most of it
_BREAK: Final = "\v"  # stands for one <br> until the paragraph is put together
_BLANK_LINE: Final = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)*\n")
_RAW: Final = re.compile(rb"<(iframe|textarea|style|title|noframes)\b[^<>]*/>", re.IGNORECASE)
_RAW_ENDS: Final = {name: re.compile(rb"</" + name, re.IGNORECASE) for name in b"iframe textarea style title noframes".split()}
_RAW_STARTS: Final = {name: re.compile(rb"<" + name, re.IGNORECASE) for name in _RAW_ENDS}
_RAW_PAIRS: Final = [int.from_bytes(pair) for pair in (b"if", b"te", b"st", b"ti", b"no")]


def parse(
    data: bytes, limits: Limits, selectors: Selectors = no_selectors, *, site: str = "", url: str = "", declared: str = ""
) -> Document:
    """An HTML page from its bytes; raises PageError when it is binary or beyond a limit. `declared` is the encoding that came with them.

    `selectors` gives the CSS selectors that steps want to know about on pages of a host, which is told by `site`, by
    `url` or by the page itself, and of the generator that the page names. They are run on the tree; an element that one
    matches is a container of its own.
    """
    check(limits, "bytes", len(data))
    decoded = decode(data, declared=declared, html=True)
    encoded = data if decoded.exact and decoded.encoding == "utf-8" else decoded.text.encode("utf-8")
    encoded = encoded.removeprefix(codecs.BOM_UTF8)
    check(limits, "depth", depth(encoded, limits.depth))
    tree = LexborHTMLParser(_closed(encoded))
    found = metadata(tree)
    wanted = tuple(selectors(host_of(site, url or found.url), found.generator))
    walk = _walk(tree, _covers(tree, wanted))
    check(limits, "paragraphs", len(walk.texts))
    check(limits, "line", max(map(len, walk.texts), default=0))
    document = document_of_blocks(walk.texts, walk.facts())
    document.source = document.source._replace(encoding=decoded.encoding)
    document.selectors = wanted
    document.site, document.title, document.url, document.date = site, found.title, url or found.url, found.date
    document.site_name, document.declared_lang, document.generator = found.site_name, found.lang, found.generator
    document.description, document.article_body = found.description, found.article_body
    return document


def of_snippet(page: str, selectors: Sequence[str]) -> Document:
    """A small HTML page that somebody wrote, with the selectors that are run on it."""
    return parse(page.encode("utf-8"), Limits(), lambda _host, _generator: selectors)


def _covers(tree: LexborHTMLParser, selectors: Sequence[str]) -> dict[int, frozenset[int]]:
    """The elements that selectors match, by their identity in the tree: the numbers of these selectors.

    All are first looked for as one list: on most pages none of them finds anything.
    """
    covers: dict[int, frozenset[int]] = {}
    if not (selectors and tree.css_first(", ".join(selectors))):
        return covers
    for number, selector in enumerate(selectors):
        for node in tree.css(selector):
            covers[node.mem_id] = covers.get(node.mem_id, frozenset()) | {number}
    return covers


def _walk(tree: LexborHTMLParser, covers: Mapping[int, frozenset[int]]) -> "_Walk":
    """The walk over what is shown; over everything on a page that hides most of its text, for a script shows it there."""
    hidden = tree.css(_HIDDEN)
    shown = _Walk(tree, {node.mem_id for node in hidden}, covers)
    # The text of an element has its scripts in it, so it is a bound from above, and cheap.
    rest = _MOSTLY * shown.chars
    for node in hidden:
        rest -= len(node.text())
        if rest < 0:
            break
    else:
        return shown
    whole = _Walk(tree, set(), covers)
    return whole if whole.chars > _MOSTLY * shown.chars else shown


def _closed(data: bytes) -> bytes:
    """The page with an end tag for raw-text elements that close themselves (`<iframe … />`) and have none.

    The HTML standard ignores the slash there, so the element would swallow the page up to its end.
    """
    letters = np.frombuffer(data, dtype=np.uint8)
    opened = np.flatnonzero(letters[:-2] == ord("<"))
    pairs = (letters[opened + 1].astype(np.uint16) << 8 | letters[opened + 2]) | 0x2020  # lower case
    pieces, at = [], 0
    closes: dict[bytes, int] = {}  # where the next end tag of each name stands
    for start in opened[np.isin(pairs, _RAW_PAIRS)].tolist():
        tag = _RAW.match(data, start)
        if tag and start >= at:
            name = tag[1].lower()
            if closes.get(name, 0) < tag.end():
                closes[name] = next((end.start() for end in _RAW_ENDS[name].finditer(data, tag.end())), len(data))
            following = _RAW_STARTS[name].search(data, tag.end(), closes[name])
            if closes[name] == len(data) or following:
                pieces += [data[at : tag.end()], b"</" + tag[1] + b">"]
                at = tag.end()
    return b"".join([*pieces, data[at:]]) if pieces else data


class _Walk:
    """One walk over the tree, depth first and without recursion."""

    def __init__(self, tree: LexborHTMLParser, hidden: set[int], covers: Mapping[int, frozenset[int]]) -> None:
        self.texts: list[str] = []
        self.elements: list[int] = []  # of each paragraph: the block element it stands in
        self.link_chars: list[int] = []
        self.element_tags: list[str] = []
        self.element_parents: list[int] = []
        self.element_names: list[str] = []
        self.element_flags: list[int] = []
        self.element_headings: list[int] = []
        self.element_covers: list[frozenset[int]] = []
        self.element_attributes: list[Mapping[str, str | None]] = []
        self.element_firsts: list[int] = []
        self.element_ends: list[int] = []
        self.strong_chars: list[int] = []
        self.links: list[int] = []
        self.media: list[int] = []
        self._covers = covers
        self._element = -1  # the block element that is open
        self._links = 0  # the links that are open
        self._link_ended = False  # whether one has just been closed
        self._strong = False  # whether the text is in bold or italics
        self._strong_chars = 0  # characters in them since the last block boundary
        self._begun = 0  # links that began since then
        self._shown = 0  # images and players since the last paragraph
        self._pieces: list[str] = []  # the text since the last block boundary
        self._linked: list[str] = []  # and what of it is inside links
        if tree.body is not None:
            self._hidden = hidden - {tree.body.mem_id}
            self._run(tree.body)

    @property
    def chars(self) -> int:
        """Characters of all paragraphs."""
        return sum(map(len, self.texts))

    def facts(self) -> Facts:
        """What was seen, as arrays."""
        elements = np.array(self.elements, dtype=np.int32)
        return Facts(
            tags=[self.element_tags[element] for element in self.elements],
            link_chars=np.array(self.link_chars, dtype=np.int32),
            headings=np.array(self.element_headings, dtype=np.int32)[elements],
            flags=np.array(self.element_flags, dtype=np.int32)[elements],
            elements=elements,
            element_tags=self.element_tags,
            element_parents=self.element_parents,
            element_names=self.element_names,
            element_covers=self.element_covers,
            element_attributes=self.element_attributes,
            element_firsts=np.array(self.element_firsts, dtype=np.int32),
            element_ends=np.array(self.element_ends, dtype=np.int32),
            strong_chars=np.array(self.strong_chars, dtype=np.int32),
            links=np.array(self.links, dtype=np.int32),
            media=np.array(self.media, dtype=np.int32),
        )

    def _run(self, body: LexborNode) -> None:
        open_: list[tuple[LexborNode, int, int, bool]] = []
        self._open(body, "body")
        node = body.first_child
        while node is not None or open_:
            if node is None:
                closed, element, links, self._strong = open_.pop()
                self._link_ended = links < self._links
                self._links = links
                if element != self._element:
                    self._flush()
                    self.element_ends[self._element] = len(self.texts)
                    self._element = element
                node = closed.next
            elif (tag := node.tag or "") == "-text":
                self._text(node.text_content or "")
                node = node.next
            elif tag in _SPECIAL or (self._hidden and node.mem_id in self._hidden):
                self._pass(tag)
                node = node.next
            else:
                open_.append((node, self._element, self._links, self._strong))
                if tag in BLOCKS or (self._covers and node.mem_id in self._covers):
                    self._flush()
                    self._open(node, tag)
                if tag == "a":
                    if self._link_ended and self._pieces:
                        self._text(" ")  # links side by side are parted by style sheets, not by blanks
                    self._links += 1
                    self._begun += 1
                elif tag in _STRONG:
                    self._strong = True
                node = node.first_child
        self._flush()
        self.element_ends[0] = len(self.texts)

    def _pass(self, tag: str) -> None:
        """Go past an element without reading what is in it."""
        if tag == "br":
            self._break()
        elif tag == "hr":
            self._flush()
        elif tag in _MEDIA:
            self._shown += 1
            self._link_ended = self._link_ended and tag != "img"

    def _open(self, node: LexborNode, tag: str) -> None:
        """Begin a block element inside the one that is open."""
        attributes = node.attributes
        names, identity = attributes.get("class") or "", attributes.get("id")
        above = self._element
        self._element = len(self.element_tags)
        self.element_tags.append(tag)
        self.element_parents.append(above)
        self.element_names.append(f"{names} {identity}" if identity else names)
        self.element_flags.append(_FLAGS.get(tag, 0) | (self.element_flags[above] if above >= 0 else 0))
        covers = self.element_covers[above] if above >= 0 else frozenset[int]()
        self.element_covers.append(covers | self._covers[node.mem_id] if self._covers and node.mem_id in self._covers else covers)
        self.element_attributes.append(attributes)
        self.element_firsts.append(len(self.texts))
        self.element_ends.append(0)
        self.element_headings.append(_HEADINGS.get(tag, 0) or (self.element_headings[above] if above >= 0 else 0))

    def _break(self) -> None:
        """A `<br>`: the second one in a row ends the paragraph."""
        if not self.element_flags[self._element] & PRE:
            for piece in reversed(self._pieces):
                if piece == _BREAK:
                    self._flush()
                    return
                if not piece.isspace():
                    break
        self._pieces.append(_BREAK)

    def _text(self, text: str) -> None:
        """Gather text; inside `pre` its line breaks and indents stay, and a blank line ends the paragraph."""
        self._link_ended = False
        preformatted = self.element_flags[self._element] & PRE
        if not (self._pieces or preformatted) and text.isspace():
            return
        for number, part in enumerate(_BLANK_LINE.split(text) if preformatted else (text,)):
            if number:
                self._flush()
            self._pieces.append(part)
            if self._links:
                self._linked.append(part)
            if self._strong:
                self._strong_chars += len(part)

    def _flush(self) -> None:
        """Make paragraphs of the text gathered so far: one, or of preformatted text one between two blank lines."""
        if not self._pieces:
            return
        gathered = "".join(self._pieces)
        linked = len(" ".join("".join(self._linked).split())) if self._linked else 0
        strong, begun = self._strong_chars, self._begun
        self._strong_chars = self._begun = 0
        self._pieces.clear()
        self._linked.clear()
        if self.element_flags[self._element] & PRE:
            parts = [[line.rstrip() for line in part.split("\n")] for part in _BLANK_LINE.split(gathered.replace(_BREAK, "\n"))]
        else:
            parts = [[" ".join(line.split()) for line in gathered.split(_BREAK)]]
        for lines in parts:
            if (text := "\n".join(filter(None, lines))).strip("\ufeff"):
                self.texts.append(text)
                self.elements.append(self._element)
                self.link_chars.append(min(linked, len(text)))
                linked -= self.link_chars[-1]
                self.strong_chars.append(min(strong, len(text)))
                self.links.append(begun)
                self.media.append(self._shown)
                strong, begun, self._shown = strong - self.strong_chars[-1], 0, 0
