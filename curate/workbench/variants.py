"""Lines of a site that say the same of another number or of another name, taken together.

"Comments (12)" and "Comments (7)" are one line with any number; "More from Edith Marlow" and "More from Maud Tallis" are one
pattern, in which a word that is a name, so written with a capital, stands for any word.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple

from curate.rules.format import SHORTEST_PREFILTER
from curate.rules.patterns import any_number, masked, prefilter
from curate.text.prose import reads_as_prose
from curate.workbench.repeated import Line

_LETTERS: Final = 4  # of a line besides its numbers
_MOST_WORDS: Final = 12
_FIXED_WORDS: Final = 2  # of a pattern that stay
_FIXED_LETTERS: Final = 8  # in them
_ANY_WORD: Final = "[^ ]+"
_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGIT: Final = re.compile(r"[0-9]")


class Variants(NamedTuple):
    """Lines that are one but for numbers or names."""

    pattern: str  # RE2, folded; "" for lines that differ in their numbers only
    lines: tuple[Line, ...]


def by_numbers(lines: Mapping[str, Line]) -> list[Variants]:
    """The lines that differ from others only in their numbers."""
    groups: defaultdict[str, list[Line]] = defaultdict(list)
    for folded, line in sorted(lines.items()):
        if _DIGIT.search(folded) and len(_LETTER.findall(folded)) >= _LETTERS:
            groups[masked(folded)].append(line)
    return [Variants("", tuple(group)) for group in groups.values() if len(group) > 1]


def by_names(lines: Iterable[Line]) -> list[Variants]:
    """The lines that differ from others in one or two names, those patterns first that hold the most lines; each line is in one."""
    groups: defaultdict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        for key in _keys(line):
            groups[key].append(line)
    found: list[Variants] = []
    taken: set[str] = set()
    # Of two patterns for the same lines the one with fewer names in it says more.
    for key in sorted(groups, key=lambda key: (-len(groups[key]), key.count(""), key)):
        left = [line for line in groups[key] if line.folded not in taken]
        if len(left) < 2 or len(prefilter(_pattern(key))) < SHORTEST_PREFILTER:  # noqa: PLR2004  # one line differs from none
            continue
        if all(len({_words(line)[place] for line in left}) > 1 for place, word in enumerate(key) if not word):
            found.append(Variants(_pattern(key), tuple(left)))
            taken.update(line.folded for line in left)
    return found


def _words(line: Line) -> list[str]:
    return line.folded.split(" ")


def _keys(line: Line) -> list[tuple[str, ...]]:
    """The line's words with "" in the place of one or two that are written like names; there is none for what reads as a sentence."""
    words, written = _words(line), line.text.split(" ")
    if len(words) != len(written) or not len(words) > 1 or len(words) > _MOST_WORDS or reads_as_prose(line.text):
        return []
    capital = [place for place, word in enumerate(written) if (letters := _LETTER.findall(word)) and letters[0].isupper()]
    keys = []
    for slots in [(place,) for place in capital] + [(a, b) for a, b in combinations(capital, 2) if b == a + 1]:
        key = tuple("" if place in slots else word for place, word in enumerate(words))
        fixed = sum(len(_LETTER.findall(word)) for word in key)
        if len(words) - len(slots) >= _FIXED_WORDS and fixed >= _FIXED_LETTERS:
            keys.append(key)
    return keys


def _pattern(key: tuple[str, ...]) -> str:
    """The key as a pattern; numbers in its words stand for any."""
    return " ".join(any_number(word) if word else _ANY_WORD for word in key)
