"""The examples that rules carry, those of the rules that come with curate included."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.formats.html import of_snippet
from curate.rules.format import RuleFile, read
from curate.rules.load import load, read_all
from curate.workbench.test import Failure, findings
from curate.workbench.test import test as failures

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


@pytest.mark.parametrize("folder", ["rules", "samples/rules", "tests/rules/packs"])
def test_the_rules_pass_their_own_examples(folder: str):
    files = [file for file in load((ROOT / folder,)).files if (ROOT / folder / f"{file.name}.toml").is_file()]
    assert files
    assert list(failures(files, of_snippet)) == []


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


def test_a_keep_is_tried_as_what_it_holds_against(tmp_path: Path):
    text = 'action = "keep"\nline_starts = "Rate this"\ndrops = "Rate this tide"\nkeeps = """\nThe tide\nRate this ebb\n"""\n'
    assert list(found(tmp_path, text)) == [("noisy", "Rate this ebb")]


def test_lines_of_a_rule_that_takes_its_neighbours_are_tried_one_by_one(tmp_path: Path):
    said = 'guard = { max_share = 1 }\nkeeps = """\nNo more tides\nTides\n"""\ndrops = "More tides"\n'
    text = f'action = "drop-rest"\nline = "More tides"\n{said}'
    assert list(found(tmp_path, text)) == []


class TestFindings:
    """Examples that fail, for people."""

    def told(self, folder: Path, text: str) -> tuple[str, str, str]:
        path = folder / "sites" / "h.toml"
        path.parent.mkdir()
        path.write_text(HEAD + text, encoding="utf-8")
        packs = read_all([folder])
        [one] = findings(packs.files, packs.tomls, of_snippet)
        assert one.rule == "sites/h#tide"
        return one.check, path.read_text(encoding="utf-8").split("\n")[one.line - 1], one.message

    def test_a_keeps_is_told_by_its_line(self, tmp_path: Path):
        text = 'action = "drop-line"\nline = "Rate it"\nkeeps = """\nHe rates it.\nrate it\n"""\n'
        assert self.told(tmp_path, text) == ("noisy", "rate it", "hits a line of its keeps: 'rate it'")

    def test_a_drops_is_told_by_its_line_and_a_limit_that_is_why(self, tmp_path: Path):
        text = 'action = "drop-line"\nline_starts = "Rate it"\nmax_chars = 10\ndrops = """\nRate it\nRate it twice\n"""\n'
        check, line, message = self.told(tmp_path, text)
        assert (check, line) == ("missing", "Rate it twice")
        assert message.endswith("drops: 'Rate it twice'; it has 13 characters, and max_chars is 10")

    def test_a_line_of_its_own_is_told_by_its_line(self, tmp_path: Path):
        text = 'action = "drop-line"\nline = """\nRate this\nRate that\n"""\nunless = "that"\n'
        assert self.told(tmp_path, text) == ("missing", "Rate that", "does not take a line of its own line: 'Rate that'")

    def test_a_case_is_told_by_its_table_and_what_differs(self, tmp_path: Path):
        text = (
            'action = "drop-line"\nline = "Rate it"\n[[rule.case]]\nbefore = "Rate it"\nafter = ""\n'
            '[[rule.case]]\nbefore = """\nThe quay\nRate it\nEbb\n"""\nafter = """\nThe quay\nRate it\nFlood\n"""\n'
        )
        check, line, message = self.told(tmp_path, text)
        assert (check, line) == ("wrong", "[[rule.case]]")
        assert message == "case: leaves 'Ebb' and takes 'Rate it', 'Flood'"

    def test_a_case_that_differs_in_blank_lines_says_so(self, tmp_path: Path):
        text = 'action = "drop-line"\nline = "Rate it"\n[[rule.case]]\nbefore = """\nEbb\n\nFlood\n"""\nafter = """\nEbb\nFlood\n"""\n'
        assert self.told(tmp_path, text)[2] == "case: leaves ''"
