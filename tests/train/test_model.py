"""Training as a whole: who is held out by whom, which files come of it, and that they are the same whoever does the work."""

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from curate.errors import UsageError
from curate.models.weights import parse
from curate.train.data import LabelledPage, read
from curate.train.folds import fold_of

torch = pytest.importorskip("torch", reason="training needs PyTorch, which comes with the extra `train`")

from curate.train import model as training  # noqa: E402  # needs PyTorch
from curate.train.fit import Example, Recipe  # noqa: E402
from curate.train.model import Plan, Trained, prepare, train, write  # noqa: E402

_SPEC = importlib.util.spec_from_file_location("toy_pages", Path(__file__).parent / "toy_pages.py")
assert _SPEC
assert _SPEC.loader
toy = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(toy)

FOLDS = 3
SMALL = Recipe(hidden=8, width=6, dilations=(1, 2), vector=2, epochs=3, rate=2e-2, batch=4)


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[LabelledPage]:
    return list(read([toy.written(tmp_path_factory.mktemp("toy"), 24)]))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(training.RECIPES, "text", SMALL)


@pytest.fixture(scope="module")
def trained(pages: list[LabelledPage]) -> tuple[Trained, list[str]]:
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(training.RECIPES, "text", SMALL)
        [found] = train(pages, Plan(folds=FOLDS, fold_weights=True), told.append, "text")
    return found, told


def fold(page: LabelledPage) -> int:
    return fold_of(page.site, page.id, FOLDS)


def test_the_toy_set_has_pages_in_every_fold(pages: list[LabelledPage]):
    assert {fold(page) for page in pages} == {1, 2, 3}


def test_files_and_folders(trained: tuple[Trained, list[str]]):
    found, _ = trained
    folds = [f"fold-{number}/{name}" for number in (1, 2, 3) for name in ("text.weights", "text-pages.json")]
    assert sorted(found.files) == sorted(["text.weights", *folds])
    assert found.of == "text"


def test_weights_say_what_they_were_trained_on(trained: tuple[Trained, list[str]]):
    head = parse(trained[0].files["text.weights"], "here", "text").head
    assert (head.about["pages"], head.about["sites"], head.about["seed"]) == (24, 12, 0)
    assert head.about["recipe"]["epochs"] == 3
    assert head.dilations == [1, 2]
    assert head.curve[0] == (0, 0)


def test_what_is_told(trained: tuple[Trained, list[str]]):
    found, told = trained
    assert told[0] == "text: 24 pages of 12 sites"
    names = [f"without fold {number}" for number in (1, 2, 3)] + ["all pages"]
    assert [line.partition(": ")[0] for line in told[1:]] == [name for name in names for _ in range(3)]
    assert all(f"- {line}" in found.card for line in told[1:])
    assert "| toy | 24 | 12 |" in found.card


def test_pages_of_a_fold_are_named_beside_its_weights(pages: list[LabelledPage], trained: tuple[Trained, list[str]]):
    for number in (1, 2, 3):
        out = json.loads(trained[0].files[f"fold-{number}/text-pages.json"])
        assert out == {"toy": [page.id for page in pages if fold(page) == number]}


def test_one_fold_alone_has_the_weights_that_it_has_among_all(pages: list[LabelledPage], trained: tuple[Trained, list[str]]):
    [alone] = train(pages, Plan(folds=FOLDS, only=2), silent, "text")
    assert sorted(alone.files) == ["fold-2/text-pages.json", "fold-2/text.weights"]
    assert alone.files["fold-2/text-pages.json"] == trained[0].files["fold-2/text-pages.json"]
    one, other = (parse(found.files["fold-2/text.weights"], "here", "text").nets[0] for found in (alone, trained[0]))
    assert np.array_equal(one.first.weight, other.first.weight)
    assert np.array_equal(one.tables[0], other.tables[0])


def test_the_last_fold_alone_is_calibrated_on_the_first(pages: list[LabelledPage]):
    [alone] = train(pages, Plan(folds=FOLDS, only=3), silent, "text")
    assert sorted(alone.files) == ["fold-3/text-pages.json", "fold-3/text.weights"]


def test_workers_make_no_difference(pages: list[LabelledPage], trained: tuple[Trained, list[str]]):
    told: list[str] = []
    [found] = train(pages, Plan(folds=FOLDS, fold_weights=True, workers=2), told.append, "text")
    assert found == trained[0]
    assert told == trained[1]


def test_a_site_that_is_held_out_is_never_seen(pages: list[LabelledPage], monkeypatch: pytest.MonkeyPatch):
    seen: list[set[int]] = []
    real = training.fit

    def fit(examples: Sequence[training.Examples], recipe: Recipe, seed: int, report: training.Report, groups: object):
        seen.append({id(some.page) for some in examples})
        assert recipe is SMALL
        assert groups == []
        return real(examples[:2], Recipe(hidden=8, width=6, dilations=(1, 2), vector=2, epochs=1, batch=2), seed, report)

    monkeypatch.setattr(training, "fit", fit)
    ready = prepare(pages, Plan(folds=FOLDS), "text")
    ids = {id(one.examples.page): one for one in ready}

    def sites(of: set[int]) -> set[str]:
        return {ids[example].page.site for example in of}

    monkeypatch.setattr(training, "prepare", lambda *_: ready)
    train(pages, Plan(folds=FOLDS), silent, "text")
    every = {page.site for page in pages}
    without = [{page.site for page in pages if fold(page) == number} for number in (1, 2, 3)]
    assert [sites(some) for some in seen] == [every - without[0], every - without[1], every - without[2], every]
    seen.clear()
    train(pages, Plan(folds=FOLDS, only=2), silent, "text")
    assert [sites(some) for some in seen] == [every - without[1], every - without[1] - without[2]]


# Pages made ready.


def test_variants_have_the_page_s_weight_and_fold(pages: list[LabelledPage]):
    for one, page in zip(prepare(pages, Plan(folds=FOLDS, weights={"toy": 0.5}), "text"), pages, strict=True):
        assert one.fold == fold(page)
        shown: list[Example] = [one.examples.page, *one.examples.excerpts, *one.examples.worn]
        assert [example.weight for example in shown] == [0.5] * len(shown)
        assert all(len(example.labels) == len(example.inputs.dense) == len(example.lengths) for example in shown)
        assert len(one.examples.worn) == 3  # worn, without blanks, cleaned
    for weights, weight in (({"quay": 0.5}, 1.0), ({"toy": 0.5, "text:toy": 0.2}, 0.2), ({"html:toy": 0.2}, 1.0)):
        assert {one.examples.page.weight for one in prepare(pages, Plan(weights=weights), "text")} == {weight}


def test_pages_without_a_label_are_left_out(pages: list[LabelledPage]):
    neutral = pages[0]._replace(id="n", labels=np.full_like(pages[0].labels, 2))
    assert [one.page.id for one in prepare([neutral, pages[1]], Plan(), "text")] == [pages[1].id]


def test_the_same_pages_are_made_ready_alike(pages: list[LabelledPage]):
    longer = list(read_long(pages))
    one, other = (prepare(longer, Plan(seed=3), "text") for _ in range(2))
    assert [e.inputs.dense.tobytes() for p in one for e in p.examples.excerpts] == [
        e.inputs.dense.tobytes() for p in other for e in p.examples.excerpts
    ]
    assert sum(len(p.examples.excerpts) for p in one) > 0


def read_long(pages: list[LabelledPage]) -> list[LabelledPage]:
    from curate.document import document_of_lines

    page = "\n".join(text.text_of(number) for text in (page.document for page in pages) for number in range(text.read))
    labels = np.concatenate([page.labels for page in pages])
    return [pages[0]._replace(document=document_of_lines(page), labels=labels)]


# What cannot be trained on.


def without_content(pages: list[LabelledPage]) -> list[LabelledPage]:
    return [page._replace(labels=np.minimum(page.labels, 0)) for page in pages]


SCARCE = {
    "pages of one site only": lambda pages: [page._replace(site="oxney.example") for page in pages],
    "pages without any content": without_content,
    "pages without a label": lambda pages: [page._replace(labels=np.full_like(page.labels, 2)) for page in pages],
}


@pytest.mark.parametrize("change", SCARCE.values(), ids=SCARCE)
def test_too_little_to_learn_from_is_said(pages: list[LabelledPage], change):
    with pytest.raises(UsageError):
        train(change(pages), Plan(folds=FOLDS), silent, "text")


def test_a_kind_of_which_there_is_no_page_is_said(pages: list[LabelledPage]):
    with pytest.raises(UsageError, match="html"):
        train(pages, Plan(folds=FOLDS), silent, "html")


def test_what_is_written(tmp_path: Path):
    models = [Trained("text", {"text.weights": b"w", "fold-1/text.weights": b"f"}, "# card é\n")]
    assert write(models, tmp_path / "out") == [tmp_path / "out" / name for name in ("text.weights", "fold-1/text.weights", "text.md")]
    assert (tmp_path / "out" / "fold-1" / "text.weights").read_bytes() == b"f"
    assert (tmp_path / "out" / "text.md").read_text(encoding="utf-8") == "# card é\n"
