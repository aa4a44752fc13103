"""The examples that rules carry, those of the rules that come with curate included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.formats.html import of_snippet
from curate.rules.format import RuleFile, read
from curate.rules.load import load
from curate.rules.test import Failure
from curate.rules.test import test as failures

ROOT = Path(__file__).parents[2]
PACKS = Path(__file__).parent / "packs"
HEAD = """\
schema = 1
language = ["en"]
domains = ["harbourtimes.example"]
[[rule]]
id = "tide"
category = "share-bar"
why = "Stands below every headline."
"""


def file(folder: Path, text: str) -> RuleFile:
    path = folder / "sites" / "h.toml"
    path.parent.mkdir()
    path.write_text(HEAD + text, encoding="utf-8")
    return read(path, folder)


def found(folder: Path, text: str) -> Iterator[tuple[str, str]]:
    for failure in failures([file(folder, text)], of_snippet):
        assert failure.rule == "sites/h#tide"
        yield failure.verdict, failure.text.strip()


@pytest.mark.parametrize("folder", ["", "samples/rules", "tests/rules/packs"])
def test_the_rules_pass_their_own_examples(folder: str):
    assert list(failures(load((str(ROOT / folder),) if folder else ()).files, of_snippet)) == []


def test_a_keeps_that_is_hit_is_noisy(tmp_path: Path):
    text = 'action = "drop-line"\nline_starts = "Rate this"\nkeeps = """\nRate this tide, he said.\nHe rated this tide.\n"""\n'
    assert list(found(tmp_path, text)) == [("noisy", "Rate this tide, he said.")]


def test_a_drops_that_is_missed_is_missing(tmp_path: Path):
    text = 'action = "drop-line"\nline_starts = "Rate this"\ndrops = """\nRate this tide\nRate that tide\n"""\n'
    assert list(found(tmp_path, text)) == [("missing", "Rate that tide")]


def test_a_line_of_its_own_that_a_rule_saves_is_missing(tmp_path: Path):
    text = 'action = "drop-line"\nline = """\nRate this tide\nRate that tide\n"""\nunless = "that tide"\n'
    assert list(found(tmp_path, text)) == [("missing", "Rate that tide")]


def test_a_line_that_is_too_long_for_its_rule_is_missing(tmp_path: Path):
    text = 'action = "drop-line"\nline = "Rate this tide"\nmax_chars = 13\n'
    assert list(found(tmp_path, text)) == [("missing", "Rate this tide")]


def test_a_trim_that_hits_a_keeps_is_noisy(tmp_path: Path):
    text = 'action = "trim"\nline_ends = "the tide"\ndrops = "Rate the tide"\nkeeps = "He rates the tide"\n'
    assert list(found(tmp_path, text)) == [("noisy", "He rates the tide")]


def test_a_case_that_comes_out_otherwise_is_wrong(tmp_path: Path):
    text = 'action = "trim"\nline_ends = "the tide"\n[[rule.case]]\nbefore = "Rate the tide"\nafter = "Rate the"\n'
    [failure] = failures([file(tmp_path, text)], of_snippet)
    assert failure == Failure("sites/h#tide", "wrong", "Rate the tide", "Rate")


def test_a_case_that_comes_out_as_it_says_is_none(tmp_path: Path):
    text = (
        'action = "drop-line"\nline = "Rate this tide"\nwhere = { last = 1 }\n'
        '[[rule.case]]\nbefore = """\nRate this tide\n\nThe quay\n\nRate this tide\n"""\nafter = """\nRate this tide\n\nThe quay\n"""\n'
    )
    assert list(found(tmp_path, text)) == []


def test_a_case_keeps_its_blank_lines(tmp_path: Path):
    text = (
        'action = "drop-line"\nline = "Rate this tide"\n'
        '[[rule.case]]\nbefore = """\nThe quay\n\nRate this tide\nThe ferry\n"""\nafter = """\nThe quay\nThe ferry\n"""\n'
    )
    assert [verdict for verdict, _ in found(tmp_path, text)] == ["wrong"]


def test_single_lines_are_tried_without_place_and_guard(tmp_path: Path):
    text = (
        'action = "drop-rest"\nline_starts = "More tides"\nguard = { max_share = 0.1 }\nwhere = { first = 2, after = "The quay" }\n'
        'drops = "More tides for you"\nkeeps = "No more tides for you"\n'
    )
    assert list(found(tmp_path, text)) == []


def test_cases_are_tried_with_place_and_guard(tmp_path: Path):
    text = (
        'action = "drop-rest"\nline = "More tides"\nguard = { max_share = 0.5 }\n'
        '[[rule.case]]\nbefore = """\nThe quay\nMore tides\nEbb and flood and ebb\n"""\nafter = "The quay"\n'
    )
    assert [verdict for verdict, _ in found(tmp_path, text)] == ["wrong"]
