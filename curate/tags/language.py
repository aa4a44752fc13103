"""The page's language, from its long lines: `lang` (BCP 47, "und" when nobody knows) and `lang_score` (0 to 1).

pycld2 answers first: a hundred times as fast as langdetect and right on long text. langdetect (Nakatani 2010; the
better of the two from 50 characters up) decides where pycld2 is unsure, the text is short, or its answer contradicts
the language that the page declares. `lang_by` says who decided. The same text gets the same answer in every run:
langdetect draws random numbers, and its seed is fixed here.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import pycld2
from msgspec import Meta

from curate.document import Document

# Old, regional and written-standard codes, by the one code that all of curate uses for the language.
_SAME: Final = {
    "iw": "he",
    "in": "id",
    "ji": "yi",
    "jw": "jv",
    "mo": "ro",
    "nb": "no",
    "nn": "no",
    "un": "und",
    "xx": "und",
    "xxx": "und",
    "tl": "fil",
}
UNKNOWN: Final = "und"


def code(label: str) -> str:
    """The primary language of a label like `de-AT`, `zh_Hant` or `nb`; "und" for none."""
    primary = label.replace("_", "-").split("-")[0].lower()
    return _SAME.get(primary, primary) or UNKNOWN


@cache
def _langdetect() -> Any:  # noqa: ANN401  # langdetect has no types
    """A detector factory of our own, so that its seed is nobody else's."""
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory  # noqa: PLC0415  # reads 55 profiles

    factory = DetectorFactory()
    # In order: the sums that it makes of them depend on it in the last digit.
    factory.load_json_profile([path.read_text(encoding="utf-8") for path in sorted(Path(PROFILES_DIRECTORY).iterdir())])
    factory.seed = 0
    return factory


@dataclass(frozen=True, slots=True)
class Language:
    chars: Annotated[int, Meta(ge=50, description="characters of the page that pycld2 is given")] = 1000
    long_line: Annotated[
        int, Meta(ge=1, description="characters that make a line long; shorter ones are used only where these are too few")
    ] = 80
    short_text: Annotated[int, Meta(ge=0, description="characters below which pycld2 is not trusted alone")] = 150
    few_letters: Annotated[
        int, Meta(ge=1, description="letters from which on langdetect is believed where pycld2 says nothing; it is sure of itself on any")
    ] = 40
    arbiter_chars: Annotated[int, Meta(ge=50, le=1000, description="characters that langdetect is given")] = 400
    arbiter_share: Annotated[
        float, Meta(ge=0, le=1, description="share of the doubtful pages that langdetect is asked about, chosen by a hash of the text")
    ] = 1.0
    at_least: Annotated[float, Meta(ge=0, le=1, description="score below which a doubtful page stays und")] = 0.8

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        sample = self._sample(doc)
        declared = code(doc.declared_lang)
        if not any(map(str.isalpha, sample)):
            return {"lang": UNKNOWN, "lang_score": 0.0, "lang_by": ""}
        reliable, _, answers = pycld2.detect(sample, isPlainText=True)
        _, label, percent, _ = answers[0]
        lang, score = code(label), percent / 100
        sure = reliable and score >= self.at_least and len(sample) >= self.short_text
        if not (sure and declared in {UNKNOWN, lang}) and self._asked(sample):
            asked, probability = self._arbiter(sample)
            enough = sum(map(str.isalpha, sample)) >= self.few_letters
            believed = probability >= self.at_least and (asked == declared or (enough and not reliable))
            if asked != UNKNOWN and (lang == asked or believed):
                return {"lang": asked, "lang_score": round(max(probability, score if lang == asked else 0.0), 4), "lang_by": "langdetect"}
        if not reliable or score < self.at_least or lang == UNKNOWN:
            lang, score = UNKNOWN, 0.0
        return {"lang": lang, "lang_score": round(score, 4), "lang_by": "pycld2"}

    def _sample(self, doc: Document) -> str:
        """The long lines from the top; where they are too few, the longest of the others."""
        lengths = np.where(doc.live, doc.lengths, 0)
        order = np.flatnonzero(lengths >= self.long_line)
        if lengths[order].sum() < max(self.short_text, 1):
            order = np.argsort(-lengths, kind="stable")
        needed = int(np.searchsorted(np.cumsum(lengths[order]), self.chars)) + 1
        sample = " ".join(doc.text_of(number) for number in order[:needed].tolist() if lengths[number])[: self.chars]
        # pycld2 raises on control and unassigned characters.
        return sample if sample.isprintable() else "".join(c if c.isprintable() else " " for c in sample)

    def _asked(self, sample: str) -> bool:
        if self.arbiter_share >= 1:
            return True
        place = int.from_bytes(hashlib.blake2b(sample.encode(), digest_size=4).digest())
        return place < self.arbiter_share * 2**32

    def _arbiter(self, sample: str) -> tuple[str, float]:
        from langdetect.lang_detect_exception import LangDetectException  # noqa: PLC0415

        detector = _langdetect().create()
        detector.append(sample[: self.arbiter_chars])
        try:
            best = detector.get_probabilities()[0]
        except (LangDetectException, IndexError):  # no letters it knows
            return UNKNOWN, 0.0
        return code(best.lang), float(best.prob)
