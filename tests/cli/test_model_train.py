"""`curate model train`, from generated pages to weights that `curate clean` runs on."""

import importlib.util
import json
from pathlib import Path

import pytest

from curate.cli.model.train import _weights
from curate.errors import UsageError

pytest.importorskip("torch", reason="training needs PyTorch, which comes with the extra `train`")


def helper(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TESTS = Path(__file__).parent.parent
toy = helper(TESTS / "train" / "toy_pages.py")
made = helper(TESTS / "models" / "made_weights.py")
FOLDS = ("--folds", "2")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return toy.written(tmp_path_factory.mktemp("toy"), 40)


@pytest.fixture(scope="module")
def trained(curate, pages):
    out = pages / "out"
    return curate("model", "train", pages / "toy.jsonl", "-o", out, *FOLDS, "--fold-weights"), out


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_writes_weights_and_a_card_and_says_how_it_went(trained):
    ran, out = trained
    assert (ran.code, ran.out) == (0, "")
    assert sorted(files(out)) == [
        "fold-1/text-pages.json",
        "fold-1/text.weights",
        "fold-2/text-pages.json",
        "fold-2/text.weights",
        "text.md",
        "text.weights",
    ]
    assert "text: 40 pages of 12 sites" in ran.err
    assert "without fold 1: seed 0, epoch 1 of" in ran.err
    assert f"wrote {out / 'text.weights'}" in ran.err
    assert (out / "text.md").read_text().startswith("# The page model for text without a DOM\n")


def test_every_page_is_held_out_once_and_sites_stay_together(trained):
    held = [json.loads((trained[1] / f"fold-{fold}" / "text-pages.json").read_text())["toy"] for fold in (1, 2)]
    assert sorted(held[0] + held[1]) == sorted(f"toy-{number}" for number in range(40))
    sites = [{int(page.removeprefix("toy-")) % 12 for page in pages} for pages in held]
    assert sites[0]
    assert sites[1]
    assert not sites[0] & sites[1]


def test_two_workers_write_the_same_bytes_as_one(curate, pages, trained, tmp_path):
    ran = curate("model", "train", pages / "toy.jsonl", "-o", tmp_path, *FOLDS, "--fold-weights", "--workers", 2)
    assert ran.code == 0
    assert files(tmp_path) == files(trained[1])


def test_one_fold_alone(curate, pages, tmp_path):
    ran = curate("model", "train", pages / "toy.jsonl", "-o", tmp_path, "--folds", 3, "--fold", 2, "--only", "text")
    assert ran.code == 0
    assert sorted(files(tmp_path)) == ["fold-2/text-pages.json", "fold-2/text.weights", "text.md"]


def test_one_fold_of_two(curate, pages, tmp_path):
    ran = curate("model", "train", pages / "toy.jsonl", "-o", tmp_path, *FOLDS, "--fold", 2)
    assert ran.code in {0, 2}, "either works, or says that there have to be three"


def test_the_weights_run_in_clean(curate, trained, tmp_path):
    _, out = trained
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "text.weights").write_bytes((out / "text.weights").read_bytes())
    (weights / "html.weights").write_bytes(made.data("html"))  # no page here is HTML, but a run wants both
    unseen = [toy.row(number, seed=1) for number in range(6)]
    (tmp_path / "in").mkdir()
    for row in unseen:
        (tmp_path / "in" / f"{row['page_id']}.txt").write_text("\n".join(row["lines"]) + "\n", encoding="utf-8")
    config = tmp_path / "own.toml"
    config.write_text(
        f'[[step]]\nname = "language"\n\n[[step]]\nname = "page-model"\nmax_loss = 0.01\nweights = "{weights}"\nstore = true\n'
    )
    ran = curate("clean", tmp_path / "in", "-o", tmp_path / "clean", "--config", config, "--quiet")
    assert ran.code == 0, ran.err
    clean = {row["id"]: row for row in curate.rows(tmp_path / "clean")}
    ledger = curate.rows(tmp_path / "clean", "ledger")
    for row in unseen:
        [found] = [page for name, page in clean.items() if row["page_id"] in name]
        content = {number for number, label in enumerate(row["labels"]) if label == 1}
        chrome = {number for number, label in enumerate(row["labels"]) if label == 0}
        assert content <= set(found["kept"])
        assert not chrome & set(found["kept"])
    assert ledger
    assert all(change["step"] == "page-model" and 0 <= change["measure"] < change["limit"] <= 1 for change in ledger)
    assert len({change["limit"] for change in ledger}) == 1
    stored = [page["measures"]["page-model"] for page in curate.rows(tmp_path / "clean", "pages")]
    assert sorted(map(len, stored)) == sorted(len(row["lines"]) for row in unseen)
    assert json.loads((tmp_path / "clean" / "run.json").read_text())["weights"].count("-") == 1


def test_html_pages_make_a_model_of_their_own_and_both_run_together(curate, trained, tmp_path):
    toy.written_html(tmp_path / "data")
    ran = curate("model", "train", tmp_path / "data", "-o", tmp_path / "weights", "--folds", 2, "--only", "html")
    assert ran.code == 0
    assert sorted(files(tmp_path / "weights")) == ["html.md", "html.weights"]
    (tmp_path / "weights" / "text.weights").write_bytes((trained[1] / "text.weights").read_bytes())
    unseen = [toy.row(number, seed=2) for number in range(6)]
    (tmp_path / "in").mkdir()
    for row in unseen:
        (tmp_path / "in" / f"{row['page_id']}.html").write_text(toy.as_html(row), encoding="utf-8")
        (tmp_path / "in" / f"{row['page_id']}.txt").write_text("\n".join(row["lines"]), encoding="utf-8")
    config = tmp_path / "own.toml"
    config.write_text(f'[[step]]\nname = "language"\n\n[[step]]\nname = "page-model"\nweights = "{tmp_path / "weights"}"\nstore = true\n')
    ran = curate("clean", tmp_path / "in", "-o", tmp_path / "clean", "--config", config, "--quiet")
    assert ran.code == 0, ran.err
    by_name = {page["id"]: page["measures"]["page-model"] for page in curate.rows(tmp_path / "clean", "pages")}
    for row in unseen:
        found = [measures for name, measures in by_name.items() if row["page_id"] in name]
        assert len(found) == 2
        for measures in found:
            content, chrome = ([m for m, label in zip(measures, row["labels"], strict=True) if label == wanted] for wanted in (1, 0))
            assert sum(content) / len(content) > sum(chrome) / len(chrome) + 0.2


# What is wrong.

WRONG = {
    "no number": (("--weight", "news=much"), "--weight is SOURCE=NUMBER, as in news=0.5; found 'news=much'"),
    "no source": (("--weight", "0.5"), "--weight is SOURCE=NUMBER with a number that is 0 or more; found '0.5'"),
    "an empty source": (("--weight", "=0.5"), "--weight is SOURCE=NUMBER with a number that is 0 or more; found '=0.5'"),
    "a negative weight": (("--weight", "news=-1"), "--weight is SOURCE=NUMBER with a number that is 0 or more; found 'news=-1'"),
    "a fold that there is not": (("--folds", "2", "--fold", "3"), "--fold 3 is none of the 2 folds"),
    "one fold": (("--folds", "1"), "--folds"),
    "a third model": (("--only", "pdf"), "--only"),
}


@pytest.mark.parametrize(("options", "said"), WRONG.values(), ids=WRONG)
def test_wrong_options_end_with_2(curate, pages, tmp_path, options, said):
    ran = curate("model", "train", pages / "toy.jsonl", "-o", tmp_path / "out", *options)
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("weight", ["nan", "inf"])
def test_a_weight_is_a_number_with_an_end(weight):
    with pytest.raises(UsageError, match="--weight is SOURCE=NUMBER"):
        _weights((f"toy={weight}",))


def test_wrong_rows_end_with_2_and_their_lines(curate, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"page_id": "t1", "lines": ["Home"], "labels": [1, 0]}\n{\n')
    ran = curate("model", "train", tmp_path, "-o", tmp_path / "out")
    assert ran.code == 2
    assert "a.jsonl:1: t1: 2 labels for 1 paragraphs" in ran.err
    assert "a.jsonl:2: " in ran.err


def test_a_folder_without_pages_ends_with_2(curate, tmp_path):
    ran = curate("model", "train", tmp_path, "-o", tmp_path / "out")
    assert ran.code == 2
    assert "there are no labelled pages in" in ran.err
