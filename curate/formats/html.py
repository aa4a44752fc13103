"""HTML pages: a paragraph is the text of a block element, in reading order, with what the tree says of it."""

import re
from typing import Final

import numpy as np
from selectolax.lexbor import LexborHTMLParser, LexborNode

from curate.document import FIGURE, LIST, PRE, QUOTE, TABLE, Document, Facts, document_of_blocks
from curate.formats.decode import decode
from curate.formats.html_depth import depth
from curate.formats.html_metadata import metadata
from curate.formats.limits import Limits, check

BLOCKS: Final = frozenset(
    "address article aside blockquote body button caption center dd details dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup legend li main menu nav ol p pre search section summary table tbody "
    "td tfoot th thead tr ul".split()
)
# Elements whose content is no text of the page, or is not shown.
UNREAD: Final = frozenset(
    "-comment annotation annotation-xml audio canvas datalist dialog embed head iframe noembed noframes noscript "
    "object option rp rt script select style svg template textarea title video".split()
)
_FLAGS: Final = {
    **dict.fromkeys(("ul", "ol", "dl", "menu", "dir"), LIST),
    "table": TABLE,
    **dict.fromkeys(("figure", "figcaption"), FIGURE),
    "blockquote": QUOTE,
    "pre": PRE,
}
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
# Only `hidden` and inline styles are looked at: what style sheets hide cannot be told without a browser.
_HIDDEN: Final = '[hidden]:not([hidden="until-found" i]), [style*="display:none" i], [style*="display: none" i]'
_BREAK: Final = "\v"  # stands for one <br> until the paragraph is put together
_RAW: Final = re.compile(rb"<(iframe|textarea|style|title|noframes)\b[^<>]*/>", re.IGNORECASE)
_RAW_PAIRS: Final = [int.from_bytes(pair) for pair in (b"if", b"te", b"st", b"ti", b"no")]


def parse(data: bytes, limits: Limits, *, declared: str = "") -> Document:
    """An HTML page from its bytes; raises PageError when it is binary or beyond a limit."""
    check(limits, "bytes", len(data))
    decoded = decode(data, declared=declared, html=True)
    encoded = data if decoded.exact and decoded.encoding == "utf-8" else decoded.text.encode("utf-8")
    check(limits, "depth", depth(encoded, limits.depth))
    walk = _Walk(LexborHTMLParser(_closed(encoded)))
    check(limits, "paragraphs", len(walk.texts))
    check(limits, "line", max(map(len, walk.texts), default=0))
    document = document_of_blocks(walk.texts, walk.facts())
    document.source = document.source._replace(encoding=decoded.encoding)
    found = metadata(walk.tree, walk.json_ld)
    document.title, document.url, document.date = found.title, found.url, found.date
    document.site_name, document.declared_lang = found.site_name, found.lang
    return document


def _closed(data: bytes) -> bytes:
    """The page with an end tag for raw-text elements that close themselves (`<iframe … />`) and have none.

    The HTML standard ignores the slash there, so the element would swallow the page up to its end.
    """
    letters = np.frombuffer(data, dtype=np.uint8)
    opened = np.flatnonzero(letters[:-2] == ord("<"))
    pairs = (letters[opened + 1].astype(np.uint16) << 8 | letters[opened + 2]) | 0x2020  # lower case
    pieces, at = [], 0
    for start in opened[np.isin(pairs, _RAW_PAIRS)].tolist():
        tag = _RAW.match(data, start)
        if tag and start >= at:
            closes, following = data.find(b"</" + tag[1], tag.end()), data.find(b"<" + tag[1], tag.end())
            if closes < 0 or 0 <= following < closes:
                pieces += [data[at : tag.end()], b"</" + tag[1] + b">"]
                at = tag.end()
    return b"".join([*pieces, data[at:]]) if pieces else data


class _Walk:
    """One walk over the tree, depth first and without recursion."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self.tree = tree
        self.texts: list[str] = []
        self.json_ld: list[str] = []
        self.tags: list[str] = []
        self.link_chars: list[int] = []
        self.headings: list[int] = []
        self.flags: list[int] = []
        self.elements: list[int] = []
        self.element_tags: list[str] = []
        self.element_parents: list[int] = []
        self.element_names: list[str] = []
        # What is open: the block element, its flags and heading level; the text since the last block boundary.
        self._element, self._flags, self._heading, self._links = -1, 0, 0, 0
        self._pieces: list[str] = []
        self._linked: list[str] = []
        if tree.body is not None:
            self._hidden = {node.mem_id for node in tree.css(_HIDDEN)} - {tree.body.mem_id}
            self._run(tree.body)

    def facts(self) -> Facts:
        """What was seen, as arrays."""
        numbers = (np.array(x, dtype=np.int32) for x in (self.link_chars, self.headings, self.flags, self.elements))
        return Facts(self.tags, *numbers, self.element_tags, self.element_parents, self.element_names)

    def _run(self, body: LexborNode) -> None:
        open_: list[tuple[LexborNode, int, int, int, int]] = []
        self._open(body, "body")
        node = body.first_child
        while True:
            if node is None:
                if not open_:
                    break
                node, element, flags, heading, links = open_.pop()
                if element != self._element:
                    self._flush()
                    self._element, self._flags, self._heading = element, flags, heading
                self._links = links
                node = node.next
                continue
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content or ""
                if self._pieces or not text.isspace():
                    self._pieces.append(text)
                    if self._links:
                        self._linked.append(text)
                node = node.next
            elif tag in UNREAD or (self._hidden and node.mem_id in self._hidden):
                if tag == "script" and node.attributes.get("type") == "application/ld+json":
                    self.json_ld.append(node.text())
                node = node.next
            elif tag == "br":
                self._break()
                node = node.next
            elif tag == "hr":
                self._flush()
                node = node.next
            else:
                open_.append((node, self._element, self._flags, self._heading, self._links))
                if tag in BLOCKS:
                    self._open(node, tag)
                elif tag == "a":
                    self._links += 1
                node = node.first_child
        self._flush()

    def _open(self, node: LexborNode, tag: str) -> None:
        """Begin a block element: what came before it is a paragraph of its own."""
        self._flush()
        attributes = node.attributes
        names = attributes.get("class") or ""
        identity = attributes.get("id")
        self.element_tags.append(tag)
        self.element_parents.append(self._element)
        self.element_names.append(f"{names} {identity}" if identity else names)
        self._element = len(self.element_tags) - 1
        self._flags |= _FLAGS.get(tag, 0)
        self._heading = _HEADINGS.get(tag, self._heading)

    def _break(self) -> None:
        """A `<br>`: the second one in a row ends the paragraph."""
        if not self._flags & PRE:
            for piece in reversed(self._pieces):
                if piece == _BREAK:
                    self._flush()
                    return
                if not piece.isspace():
                    break
        self._pieces.append(_BREAK)

    def _flush(self) -> None:
        """Make a paragraph of the text gathered so far, if there is any."""
        if not self._pieces:
            return
        gathered = "".join(self._pieces)
        linked = len(" ".join("".join(self._linked).split())) if self._linked else 0
        self._pieces, self._linked = [], []
        if self._flags & PRE:
            texts = _preformatted(gathered)
        elif _BREAK in gathered:
            texts = ["\n".join(filter(None, (" ".join(line.split()) for line in gathered.split(_BREAK))))]
        else:
            texts = [" ".join(gathered.split())]
        for text in texts:
            if text:
                self.texts.append(text)
                self.tags.append(self.element_tags[self._element])
                self.link_chars.append(min(linked, len(text)))
                self.headings.append(self._heading)
                self.flags.append(self._flags)
                self.elements.append(self._element)


def _preformatted(text: str) -> list[str]:
    """The paragraphs of preformatted text: its line breaks and indents stay, blank lines part it."""
    lines = [line.rstrip() for line in text.replace(_BREAK, "\n").splitlines()]
    paragraphs: list[list[str]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(line)
        elif paragraphs[-1]:
            paragraphs.append([])
    return ["\n".join(paragraph) for paragraph in paragraphs if paragraph]
