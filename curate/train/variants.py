"""What pages could as well have been: excerpts, lower-cased, without punctuation, in scripts without blanks; to be trained on.

Only pages without a DOM have variants. People bring excerpts (a model trained on whole pages alone does badly on them),
and other tools' output is often lower-cased or stripped of punctuation. Labelled pages in scripts without blanks are few; what
their lines look like (a third as long, other punctuation or none, no words to be told) can be learned from any page.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

import numpy as np

from curate.document import Document, document_of_lines
from curate.tags.language import Language
from curate.train.data import LabelledPage
from curate.train.labels import CHROME, CONTENT

_SHORTEST, _LONGEST = 12, 60  # lines of an excerpt
_AT_CONTENT: Final = 0.6  # share of the excerpts that are cut around a line of content; the others fall where they fall
_IDEOGRAPHS: Final = 3000  # of the first in Unicode, about as many as a newspaper uses
_CONSONANTS: Final = 46
_WORD: Final = re.compile(r"[^\W\d_]+")
_BLANKS: Final = re.compile(r"(?<=[\u2e80-\uffef]) +| +(?=[\u2e80-\uffef])")
_JOINED: Final = re.compile(r"(?<=[\u0e00-\u0e7f]) (?=[\u0e00-\u0e7f])")
_CHINESE_MARKS: Final = str.maketrans(".,:;!?()", "。，：；！？（）")
_THAI_MARKS: Final = str.maketrans(".,;", "   ")
_LEFT_OVER: Final = 0.1  # share of the chrome that such a page still has, at most
_ENDS: Final = ".!?。！？…"


def excerpts(page: LabelledPage, count: int, rng: np.random.Generator) -> Iterator[LabelledPage]:
    """Some windows of a page; none of a page that is one itself."""
    read = page.document.read
    content = np.flatnonzero(page.labels == CONTENT)
    for _ in range(count):
        length = int(rng.integers(_SHORTEST, _LONGEST + 1))
        if read <= length:
            continue
        first = int(rng.integers(0, read - length + 1))
        if len(content) and rng.random() < _AT_CONTENT:
            first = int(np.clip(rng.choice(content) - rng.integers(0, length), 0, read - length))
        yield _changed(page, [page.document.text_of(number) for number in range(first, first + length)], first)


def worn(page: LabelledPage, kind: int) -> LabelledPage:
    """A page in lower case, without the ends of its sentences, or both, by `kind` modulo 3."""
    texts = [page.document.text_of(number) for number in range(page.document.read)]
    if kind % 3 != 1:
        texts = [text.lower() for text in texts]
    if kind % 3:
        texts = [text.rstrip(_ENDS) or text for text in texts]
    return _changed(page, texts, 0)


def cleaned(page: LabelledPage, rng: np.random.Generator) -> LabelledPage:
    """A page as another cleaner, or an earlier run, would leave it: with all of its content and little of its chrome."""
    share = rng.random() * _LEFT_OVER
    kept = np.flatnonzero((page.labels != CHROME) | (rng.random(len(page.labels)) < share))
    texts = [page.document.text_of(number) for number in kept.tolist()]
    return _changed(page._replace(labels=page.labels[kept]), texts, 0)


def unspaced(page: LabelledPage, kind: int) -> LabelledPage:
    """A page as if it was written without blanks between words: as Chinese is, or, for an odd `kind`, as Thai is, without full stops.

    A word becomes the same few letters wherever it stands.
    """
    thai = kind % 2 == 1
    texts = [_WORD.sub(_thai if thai else _chinese, page.document.text_of(number)) for number in range(page.document.read)]
    if thai:
        texts = [_JOINED.sub("", text).translate(_THAI_MARKS) for text in texts]
    else:
        texts = [_BLANKS.sub("", text.translate(_CHINESE_MARKS)) for text in texts]
    return _changed(page, [text.strip() or "。" for text in texts], 0)


def _chinese(word: re.Match[str]) -> str:
    """A third as many ideographs as the word has letters."""
    digest = hashlib.blake2b(word[0].lower().encode("utf-8"), digest_size=32).digest()
    return "".join(chr(0x4E00 + (digest[2 * at] << 8 | digest[2 * at + 1]) % _IDEOGRAPHS) for at in range(min((len(word[0]) + 2) // 3, 16)))


def _thai(word: re.Match[str]) -> str:
    """As many consonants as the word has letters, short of one in five."""
    digest = hashlib.blake2b(word[0].lower().encode("utf-8"), digest_size=32).digest()
    return "".join(chr(0x0E01 + digest[at % 32] % _CONSONANTS) for at in range(max(len(word[0]) * 4 // 5, 1)))


def _changed(page: LabelledPage, texts: list[str], first: int) -> LabelledPage:
    # A byte order mark before the first line would be none of its characters.
    document: Document = document_of_lines("\n".join(text.lstrip("\ufeff") or "-" for text in texts))
    document.tags.update(Language().describe(document))
    assert document.read == len(texts)
    return page._replace(document=document, labels=page.labels[first : first + len(texts)])
