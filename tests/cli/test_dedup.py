"""`curate dedup pairs`: what a run found near, with both texts, what came of each, and what it needs for that."""

import json
import shutil
from pathlib import Path

import pytest

FERRY = "The ferry at Oxney was painted twice in one summer, and nobody in the parish could say why it had to be done all over again."
TEASER = "The ferry at Oxney was painted twice in one summer, and nobody in the parish could say why"
HERON = "A heron has been standing on the lower chain since Easter, and is now counted among the crew by the ferryman and by the school."
POEM = "The only painter sent the board a poem, which was read out by the clerk and put to the vote, and found to be too long for the hull."
STEPS = """
[[step]]
name = "duplicate-documents"
min_words = 20
[[step]]
name = "duplicate-paragraphs"
"""


@pytest.fixture
def run(tmp_path: Path, curate):
    """A run over some pages with the duplicate steps alone."""

    def cleaned(pages: dict[str, str], *options: str) -> Path:
        folder, out = tmp_path / "in", tmp_path / "out"
        folder.mkdir(exist_ok=True)
        for name, text in pages.items():
            (folder / name).write_text(text, encoding="utf-8")
        (tmp_path / "steps.toml").write_text(STEPS, encoding="utf-8")
        assert curate("clean", str(folder), "-o", str(out), "--config", str(tmp_path / "steps.toml"), *options).code == 0
        return out

    return cleaned


def sides(pair: dict) -> set[tuple[str, int, str, str, str]]:
    return {(side["path"], side["paragraph"], side["text"], side["state"], side["step"]) for side in (pair["a"], pair["b"])}


PAGES = {"a.txt": f"{HERON}\n{FERRY}\n", "b.txt": f"{POEM}\n\n{TEASER}\n", "c.txt": f"{FERRY}\n{POEM.upper()}\n{HERON[::-1]}\n"}


def test_every_pair_is_listed_with_both_texts_and_what_took_one_out(curate, run):
    ran = curate("dedup", "pairs", str(run(PAGES)), "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0
    assert all(pair["step"] == "duplicate-paragraphs" and not pair["whole"] for pair in found)
    by_rule = {rule: [pair for pair in found if pair["rule"] == rule] for rule in ("exact", "beginning")}
    assert len(by_rule["exact"]) == 2
    assert len(found) == len(by_rule["exact"]) + len(by_rule["beginning"])
    gone = {(path, text) for pair in found for path, _, text, state, _ in sides(pair) if state == "gone"}
    assert ("b.txt", TEASER) in gone
    assert len({text for _, text in gone if text == FERRY}) == 1
    for pair in by_rule["exact"]:
        assert {state for *_, state, _ in sides(pair)} == {"kept", "gone"}
        assert pair["measure"] == 1.0


def test_documents_are_listed_by_their_first_paragraph(curate, run):
    out = run({"a.txt": f"{HERON}\n{FERRY}\n", "b.txt": f"{HERON}\n{FERRY}\n"})
    ran = curate("dedup", "pairs", str(out))
    assert ran.code == 0
    heading, one, other = ran.out.splitlines()[:3]
    assert heading == "duplicate-documents  exact 1  two documents"
    lines = sorted([one, other])
    assert lines[0].startswith("  gone by duplicate-documents exact  ")
    assert lines[1].startswith("  kept  ")
    assert all(line.endswith(f" 0: {HERON}") for line in lines)


def test_a_run_without_pairs_lists_none(curate, run):
    ran = curate("dedup", "pairs", str(run({"a.txt": HERON, "b.txt": POEM})), "--json")
    assert (ran.code, ran.out) == (0, "")


def test_what_is_missing_is_said(curate, run, tmp_path):
    (tmp_path / "empty").mkdir()
    ran = curate("dedup", "pairs", str(tmp_path / "empty"))
    assert ran.code == 2
    assert "no finished run" in ran.err
    out = run(PAGES)
    shutil.rmtree(out / ".curate")
    ran = curate("dedup", "pairs", str(out))
    assert ran.code == 2
    assert "run again" in ran.err
    ran = curate("dedup", "pairs", str(run(PAGES, "--ledger", "counts")))
    assert ran.code == 2
    assert "--ledger counts" in ran.err
    assert "--ledger full" in ran.err


def test_a_page_that_an_index_holds_is_no_page_of_the_run_though_it_has_its_name(curate, run, tmp_path: Path):
    out = run(PAGES, "--index", str(tmp_path / "seen"))
    again = tmp_path / "again"
    config = ("--config", str(tmp_path / "steps.toml"), "--index", str(tmp_path / "seen"))
    assert curate("clean", str(tmp_path / "in"), "-o", str(again), *config).code == 0
    found = [json.loads(line) for line in curate("dedup", "pairs", str(again), "--json").out.splitlines()]
    assert found
    for pair in found:
        assert {side["state"]: bool(side["text"]) for side in (pair["a"], pair["b"])} in (
            {"gone": True, "in the index": False},
            {"gone": True},
        )
    assert any(side["state"] == "in the index" for pair in found for side in (pair["a"], pair["b"]))
    places = [(pair["step"], *sorted((side["doc"], side["paragraph"], side["state"]) for side in (pair["a"], pair["b"]))) for pair in found]
    assert len(set(places)) == len(places), "each pair once, exact copies not as near too"
    assert {row["id"] for row in curate.rows(out)} == {"a.txt", "b.txt", "c.txt"}
