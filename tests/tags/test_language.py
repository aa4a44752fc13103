"""What the cases cannot say of the language step: that every run gives the same answer, and that no text stops it."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import document_of_lines
from curate.tags.language import Language, code

CASES = Path(__file__).with_name("language.toml")
PAGES = [case["page"] for case in tomllib.loads(CASES.read_text(encoding="utf-8"))["case"]]
# Short and mixed text, for which langdetect draws its random numbers.
DOUBTFUL = [
    "Lundholm",
    "Die Fähre, le bac, the ferry",
    "La balsa de la isla",
    "No, non, nein",
    "Prom na wyspę. Lautta saareen. Färjan till ön.",
    "den er på vej nu",
]
SCRIPT = """
import json, sys
from curate.document import document_of_lines
from curate.tags.language import Language
pages = json.load(sys.stdin)
steps = [Language(), Language(arbiter_share=0.5)]
print(json.dumps([dict(step.describe(document_of_lines(page))) for step in steps for page in pages]))
"""


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_at", "de"),
        ("zh-Hant", "zh"),
        ("zh_Hans_CN", "zh"),
        ("nb", "no"),
        ("nn-NO", "no"),
        ("iw", "he"),
        ("in", "id"),
        ("un", "und"),
        ("und", "und"),
        ("", "und"),
        ("-", "und"),
    ],
)
def test_a_language_has_one_code(label: str, expected: str):
    assert code(label) == expected


def answers(hash_seed: str, pages: list[str]) -> list[dict[str, str | float]]:
    """What a process of its own says of pages."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(pages),
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_two_processes_say_the_same_in_any_order():
    pages = DOUBTFUL + PAGES
    one, two = answers("0", pages), answers("1", pages[::-1])
    half = len(pages)
    assert one[:half] == two[:half][::-1]
    assert one[half:] == two[half:][::-1]
    assert {said["lang_by"] for said in one[: len(DOUBTFUL)]} & {"langdetect"}, "none of the pages is doubtful"


def test_what_others_do_to_langdetect_makes_no_difference(monkeypatch: pytest.MonkeyPatch):
    from langdetect.detector_factory import DetectorFactory

    before = [Language().describe(document_of_lines(page)) for page in DOUBTFUL]
    monkeypatch.setattr(DetectorFactory, "seed", 77)
    assert [Language().describe(document_of_lines(page)) for page in DOUBTFUL] == before


def test_a_share_of_the_doubtful_pages_is_asked_about():
    pages = [f"{page} {number}" for page in DOUBTFUL for number in range(40)]
    asked = {share: [Language(arbiter_share=share)._asked(page) for page in pages] for share in (0.0, 0.3, 0.6, 1.0)}
    assert not any(asked[0.0])
    assert all(asked[1.0])
    assert 0.2 < sum(asked[0.3]) / len(pages) < 0.4
    assert all(more for some, more in zip(asked[0.3], asked[0.6], strict=True) if some), "a larger share holds the smaller one"


def test_dropped_paragraphs_are_not_looked_at():
    english, german = PAGES[0].strip(), PAGES[1].strip()
    doc = document_of_lines(f"{english}\n{german}")
    doc.live[0] = False
    assert Language().describe(doc)["lang"] == "de"


@given(st.text(max_size=120), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_text_gets_an_answer(text: str, declared: bool):  # noqa: FBT001  # drawn
    doc = document_of_lines("".join(char for char in text if not "\ud800" <= char <= "\udfff"))
    doc.declared_lang = "xx-YY" if declared else ""
    said = Language().describe(doc)
    assert set(said) == {"lang", "lang_score", "lang_by"}
    assert 0 <= said["lang_score"] <= 1
    assert (said["lang"] == "und") <= (said["lang_score"] == 0)


@pytest.mark.parametrize("chars", [*"\x00\x07\x0b\x1c\x7f\x85\x9f\xad\u200b\u200e\u2028\ufeff\ufdd0\uffff\U000e0001\U0010ffff", "\r\n\t"])
def test_characters_that_pycld2_refuses_are_no_obstacle(chars: str):
    english = PAGES[0].strip()
    doc = document_of_lines(f"{english[:40]}{chars}{english[40:]}{chars}")
    assert Language().describe(doc)["lang"] == "en"
