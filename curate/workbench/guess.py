"""What kind of text a line is, guessed from the lines that the rules in force know, and from a few words of many languages."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, cast, get_args

from curate.rules.compile import ReadyFile
from curate.rules.format import Category
from curate.text.folding import fold

FALLBACK: Final[Category] = "nav-crumbs"
_SURE: Final = 0.5  # share of a line's weight of words that must speak for one category
_DOUBT: Final = 1  # literals of a single word that a word must outweigh before its category is believed
_WORD: Final = re.compile(r"[^\W_]+")
_UNSPACED: Final = re.compile(r"[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")  # scripts that part words by nothing, or by little
# Folded words, with * how they begin, for what is said alike in many languages; asked after the packs, in this order.
_WORDS: Final[Mapping[Category, str]] = {
    "copyright-footer": "copyright* rights-reserved impressum",
    "cookie-notice": "cookie* consent gdpr privacy datenschutz*",
    "js-notice": "javascript",
    "newsletter-signup": "newsletter* inbox",
    "app-promo": "app-store google-play ios android",
    "share-bar": "facebook twitter whatsapp linkedin pinterest instagram telegram tumblr reddit share",
    "comment-widget": "comment comments kommentar*",
    "donation-appeal": "donate donation* spenden",
    "login-prompt": "login log-in sign-in signin logout account anmelden",
    "paywall": "subscribe subscriber* subscription* abonn* abo",
    "ad-marker": "advert* anzeige anzeigen sponsored publicidad werbung",
    "related-links": "related trending read-more most-read more-from mehr-zum",
}


class Guess(NamedTuple):
    """A category, and whether anything spoke for it."""

    category: Category
    recognised: bool


NOTHING: Final = Guess(FALLBACK, recognised=False)


class Guesser:
    """Guesses by the packs of some language and by those of platforms."""

    def __init__(self, files: Iterable[ReadyFile], language: str) -> None:
        wanted = {f"generic/{language}", "generic/any"}
        # By word: how much of the literals it makes up, by category. "Experience" stands in many cookie notices, and is none.
        self._categories: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._count = 1
        self._lines: dict[str, str] = {}
        for file in files:
            if file.kind == "generic" and file.group not in wanted:
                continue
            for rule in file.rules:
                for matcher in rule.matchers:
                    if matcher.kind in {"line_regex", "part"}:
                        continue
                    words = _words(matcher.text)
                    self._count += 1
                    self._lines.setdefault(" ".join(words), rule.category)
                    for word in words:
                        self._categories[word][rule.category] += 1 / len(words)

    def __call__(self, line: str) -> Guess:
        """The guess for a line."""
        folded = fold(line)
        found = _words(folded)
        if known := self._lines.get(" ".join(found)):
            return Guess(_category(known), recognised=True)
        scores: defaultdict[str, float] = defaultdict(float)
        total = 0.0
        for word in sorted(set(found)):
            counts: Mapping[str, float] = self._categories.get(word, {})
            times = sum(counts.values())
            weight = math.log(1 + self._count / (1 + times))
            total += weight
            for category, count in sorted(counts.items()):
                scores[category] += weight * count / (times + _DOUBT)
        best, score = max(sorted(scores.items()), key=lambda item: item[1], default=("", 0.0))
        if total and score / total >= _SURE:
            return Guess(_category(best), recognised=True)
        if "©" in folded:
            return Guess("copyright-footer", recognised=True)
        joined = f"-{'-'.join(found)}-"
        said = ((category, f"-{word}-".replace("*-", "")) for category, words in _WORDS.items() for word in words.split())
        return next((Guess(category, recognised=True) for category, word in said if word in joined), NOTHING)


def _category(name: str) -> Category:
    assert name in get_args(Category)
    return cast("Category", name)


def _words(folded: str) -> list[str]:
    """The words of a folded line; where a script parts none, its pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(folded):
        found += [word[n : n + 2] for n in range(max(1, len(word) - 1))] if _UNSPACED.search(word) else [word]
    return found
