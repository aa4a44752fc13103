"""Invented documents with planted repeats, as many as are asked for, and what was planted.

Everything about a document follows from the seed and its number, so none is kept in memory: a copy makes its original
anew. One document in ten has a line that all those have with one word changed (the crowd); others are copies of an
earlier document, whole, with words changed, or cut off; others borrow a paragraph. An original is earlier than all that
repeats it and repeats nothing itself, so that of any two planted paragraphs it is known which one stays.
"""

import json
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Words = list[str]

# Shares of documents by kind; the rest is plain.
KINDS: Final = {"exact": 0.02, "near": 0.02, "cut": 0.01, "borrowed": 0.05, "crowd": 0.10}
PAGES_A_HOST: Final = 200
TEMPLATED: Final = 5  # one host in so many has a line of its own on every page
_UNTIL: Final = list(accumulate(KINDS.values()))
SHINGLE: Final = 3  # words
CROWD: Final = "tickets for the winter regatta are on sale at the quay from".split()  # and a twelfth word

_VOCABULARY: Final = 4000
_RANKS_UNTIL_HALF: Final = 2.7  # the offset of Zipf's law after Mandelbrot, as English has it
_ALPHABET: Final = (
    "b br d dr f g gl h k l m n p pl r s st t tr v w z".split(),
    "a e i o u ai ea ou".split(),
    "l m n r s t th nd rk".split(),
)
_EARLY: Final = datetime(2020, 1, 1, tzinfo=UTC)  # what repeats nothing is of the years from here to _LATE
_LATE: Final = datetime(2024, 1, 1, tzinfo=UTC)


class Planted(NamedTuple):
    """A paragraph that repeats one of another document, and has to go."""

    kind: str
    copy: int  # the document's number
    paragraph: int
    original: int  # -1 for the crowd, of which any one stays
    original_paragraph: int
    jaccard: float  # of the sets of word shingles
    containment: float  # share of the copy's shingles that the original has


class Page(NamedTuple):
    """A document and what was planted in it."""

    number: int
    kind: str
    host: str
    date: str
    paragraphs: list[Words]
    line: str  # the last one, of its host; "" where the host has none
    planted: list[Planted]

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"https://{self.host}/{self.number}"

    @property
    def own(self) -> list[int]:
        """The numbers of the paragraphs that nothing resembles."""
        if self.kind in {"exact", "near", "cut"}:
            return []
        body = len(self.paragraphs) - (self.kind == "crowd")
        return sorted({*range(body)} - {planted.paragraph for planted in self.planted})

    @property
    def text(self) -> str:
        """All of it, a paragraph a line."""
        return "\n".join([*map(_written, self.paragraphs), *([self.line] if self.line else [])])


@dataclass(frozen=True)
class World:
    """Documents by number."""

    documents: int
    seed: int = 1
    paragraphs: tuple[int, int] = (3, 8)  # of a document, from and to
    words: tuple[int, int] = (20, 60)  # of a paragraph, from and to

    def pages(self) -> Iterator[Page]:
        """All of them."""
        return map(self.page, range(self.documents))

    def page(self, number: int) -> Page:
        """One document."""
        draw, kind = self._begun(number)
        late = kind in {"exact", "near", "cut", "borrowed"}
        date = (_LATE if late else _EARLY) + timedelta(seconds=int(draw.integers((_LATE - _EARLY).total_seconds())))
        host_number = int(draw.integers(max(self.documents // PAGES_A_HOST, 1)))
        host = _host(self.seed, host_number)
        paragraphs, planted = self._content(number, kind, draw)
        line = f"{host.title()} has {draw.integers(2, 999)} more stories" if host_number % TEMPLATED == 0 else ""
        return Page(number, kind, f"{host}.example", date.isoformat(), paragraphs, line, planted)

    def _begun(self, number: int) -> tuple[np.random.Generator, str]:
        draw = np.random.default_rng((self.seed, number))
        kind = [*KINDS, "plain"][bisect(_UNTIL, draw.random())]
        return draw, kind if number else "plain"

    def _content(self, number: int, kind: str, draw: np.random.Generator) -> tuple[list[Words], list[Planted]]:
        if kind == "plain":
            return self._body(draw), []
        if kind == "crowd":
            line, planted = self._crowd(draw)
            body = self._body(draw)
            return [*body, line], [Planted("crowd", number, len(body), -1, -1, *planted)] if planted else []
        original, source = self._original(number, draw)
        if kind == "borrowed":
            body = self._body(draw)
            from_, to = int(draw.integers(len(source))), int(draw.integers(len(body)))
            body[to] = self._changed(source[from_], draw)
            return body, [Planted(kind, number, to, original, from_, *compared(body[to], source[from_]))]
        if kind == "near":
            copies = [self._changed(paragraph, draw) for paragraph in source]
        elif kind == "cut":
            copies = source[: int(draw.integers(2, len(source) + 1))]
            copies[-1] = copies[-1][: round(len(copies[-1]) * draw.uniform(0.5, 0.8))]
        else:
            copies = source
        pairs = enumerate(zip(copies, source, strict=False))
        return copies, [Planted(kind, number, place, original, place, *compared(*pair)) for place, pair in pairs]

    def _body(self, draw: np.random.Generator) -> list[Words]:
        counts = draw.integers(self.words[0], self.words[1], size=draw.integers(*self.paragraphs, endpoint=True), endpoint=True)
        words = self._words(int(counts.sum()), draw)
        ends = np.cumsum(counts).tolist()
        return [words[end - count : end] for end, count in zip(ends, counts.tolist(), strict=True)]

    def _words(self, count: int, draw: np.random.Generator) -> Words:
        vocabulary, cumulated = self._vocabulary
        return [vocabulary[rank] for rank in np.searchsorted(cumulated, draw.random(count)).tolist()]

    def _changed(self, words: Words, draw: np.random.Generator) -> Words:
        """The words with a few replaced: about half of what comes of it is above a Jaccard measure of .8."""
        changed = list(words)
        for place in draw.choice(len(words), size=draw.integers(len(words) // 14 + 1), replace=False).tolist():
            changed[place] = self._words(1, draw)[0]
        return changed

    def _crowd(self, draw: np.random.Generator) -> tuple[Words, tuple[float, float] | None]:
        """The crowd's line, in one half with another last word, by which all are alike, in the other with any word changed."""
        word = _invented(draw, 3)
        if draw.random() < 0.5:
            return [*CROWD, word], compared([*CROWD, "this"], [*CROWD, "that"])
        line = [*CROWD, "friday"]
        line[int(draw.integers(len(line)))] = word
        return line, None

    def _original(self, number: int, draw: np.random.Generator) -> tuple[int, list[Words]]:
        """An earlier document that repeats nothing."""
        while True:
            original = int(draw.integers(number))
            if self._begun(original)[1] == "plain":
                return original, self.page(original).paragraphs

    @cached_property
    def _vocabulary(self) -> tuple[Words, NDArray[np.float64]]:
        """Words by rank, and the share of running text that is made of each and those before it."""
        draw = np.random.default_rng(self.seed)
        words: dict[str, None] = {}
        while len(words) < _VOCABULARY:  # the more common a word the shorter it is, on the whole
            words[_invented(draw, 1 + len(words) // 300 % 3 if len(words) > 300 else 1)] = None
        shares = 1 / (np.arange(_VOCABULARY) + _RANKS_UNTIL_HALF)
        return list(words), np.cumsum(shares / shares.sum())


@lru_cache(maxsize=1 << 14)
def _host(seed: int, number: int) -> str:
    return f"{_invented(np.random.default_rng((seed, number, 1)), 2)}{number}"


def _invented(draw: np.random.Generator, syllables: int) -> str:
    return "".join(part[int(draw.integers(len(part)))] for _ in range(syllables) for part in _ALPHABET)


def _written(words: Words) -> str:
    line = " ".join(words)
    return f"{line[0].upper()}{line[1:]}."


def compared(copy: Sequence[str], original: Sequence[str]) -> tuple[float, float]:
    """Jaccard's measure of two paragraphs' word shingles, and the share of the first one's that the second has."""
    first, second = ({tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)} for words in (copy, original))
    both = len(first & second)
    return both / len(first | second), both / len(first)


def write(world: World, pages: Path, planted: Path, every: int = 1) -> None:
    """Write the documents as JSON lines, and what was planted in every so many of them.

    A row of `planted` is a document: its `id`, its `kind`, the numbers of its `own` paragraphs, which repeat nothing, that
    of its host's `line` (-1 for none), and the `planted` ones.
    """
    with pages.open("w", encoding="utf-8") as page_file, planted.open("w", encoding="utf-8") as planted_file:
        for page in world.pages():
            page_file.write(json.dumps({"id": str(page.number), "url": page.url, "date": page.date, "text": page.text}) + "\n")
            if page.number % every == 0:
                told = {"id": str(page.number), "kind": page.kind, "own": page.own, "line": len(page.paragraphs) if page.line else -1}
                planted_file.write(json.dumps({**told, "planted": [one._asdict() for one in page.planted]}) + "\n")
