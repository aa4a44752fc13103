"""Rules that would take sentences: patterns that only ask for a word, beginnings that are one, lines of a letter or two.

Where a rule is held to a place (`where`, `select`) or to lines of a label's length (`max_chars`), few words may do.
"""

import re
from collections.abc import Iterator
from typing import Final

from curate.rules.patterns import DIGIT, runs
from curate.workbench.findings import Finding
from curate.workbench.shadows import Said, Words

SENTENCE: Final = 60  # characters: a rule for lines that are no longer takes labels, and few sentences
SHORT_WORD: Final = 8  # letters of a word that too many sentences begin or end with
SHORT_LINE: Final = 2  # characters of a line that may be anything
SHORT_PATTERN: Final = 12  # characters in a row, as for a `line_contains`
# Scripts that say in one character what others say in three, and a word in two.
_DENSE: Final = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_DENSITY: Final = 3
# Neutral sentences cut in two, by script: a pattern that takes them around its literals takes whatever has these in it.
_SENTENCES: Final = (
    ("the old mill by the river was painted again", "and stood there until the spring of the next year"),
    ("старая мельница у реки была снова покрашена", "и стояла там до самой весны следующего года"),
    ("كانت الطاحونة القديمة عند النهر", "وبقيت هناك حتى ربيع العام التالي"),
    ("河边的老磨坊又重新粉刷了一遍", "一直到第二年春天都没有人来看过它"),
    ("川のそばの古い水車小屋は", "翌年の春になるまでだれにも使われずに残っていた"),
    ("강가의 오래된 물레방앗간은 다시 칠해졌고", "이듬해 봄이 올 때까지 그 자리에 서 있었다"),
)


def too_broad(words: Words, names: frozenset[str]) -> Iterator[Finding]:
    """Literals and patterns of some files that take more than page chrome."""
    mine = [said for said in words.said if said.file.name in names and not _held(said)]
    for said in mine:
        if problem := _by_looks(said):
            yield _finding(words, said, problem)
    patterns = [said for said in mine if said.key == "line_regex" and said.known.kind != "sites" and said.ready.longest > SENTENCE]
    for said in _takes_sentences(words, patterns):
        yield _finding(words, said, "takes any sentence with its words in it: say what stands around them, or make it whole lines")


def _finding(words: Words, said: Said, problem: str) -> Finding:
    path, line = words.place(said)
    return Finding(path, line, said.known.bare, "too-broad", f"{said.key} {said.literal!r} {problem}")


def _held(said: Said) -> bool:
    """Whether a rule looks at a part of the page only, or takes nothing."""
    ready = said.ready
    return bool(ready.first or ready.last or ready.select or ready.repeat or ready.action == "keep")


def _is_short_word(text: str) -> bool:
    return text.isalpha() and len(text) + (_DENSITY - 1) * len(_DENSE.findall(text)) <= SHORT_WORD


def _by_looks(said: Said) -> str:
    """What is wrong with a literal that is seen without trying it, "" for nothing."""
    text = said.matcher.text
    if said.key == "line" and len(text) <= SHORT_LINE and text.isalnum() and not _DENSE.fullmatch(text[1:]):
        return "may be a numeral, an initial or a list's sign: say where it stands"
    if said.key in {"line_starts", "line_ends", "line_contains"} and said.ready.longest > SENTENCE and _is_short_word(text):
        return f"is one short word, and sentences have it too: say where it stands, or max_chars = {SENTENCE} at most"
    return ""


def _takes_sentences(words: Words, patterns: list[Said]) -> list[Said]:
    """The patterns that take neutral sentences with their literals in them."""
    asked = [(number, sentence) for number, said in enumerate(patterns) for sentence in _sentences(said.matcher.text)]
    doc = words.doc(sentence for _, sentence in asked)
    lengths = doc.lengths.tolist()
    found = {
        asked[match.paragraph][0]
        for match in words.tables.matches(
            doc, lambda number, known, _kind: known is patterns[asked[number][0]].known and lengths[number] <= known.ready.longest
        )
    }
    return [patterns[number] for number in sorted(found)]


def _sentences(pattern: str) -> Iterator[str]:
    """Neutral sentences around the literals of a pattern that ask for little: a few characters anywhere, a word at an edge."""
    found = runs(pattern)
    words = [run.strip().replace(DIGIT, "12") for run in found if run.strip()]
    if not words or (found[0] and found[-1]):
        return
    free = not (found[0] or found[-1])
    if max(map(len, words)) >= SHORT_PATTERN if free else words[1:] or not _is_short_word(words[0]):
        return
    for before, after in _SENTENCES:
        for blank in (" ", ""):
            middle = f"{blank}{after}{blank}".join(words)
            yield f"{'' if found[0] else before + blank}{middle}{'' if found[-1] else blank + after}"
