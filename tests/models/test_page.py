"""A page and the model's answer for it; and the step that goes by the answer. Text pages: HTML has tests beside its features."""

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.document import Change, Document, document_of_lines
from curate.errors import UsageError
from curate.filters.page_model import PageModel
from curate.models.net import Net, logits
from curate.models.page import TABLES, calibrated, inputs, kind_of, mean_odds, measured, model, probabilities, probability
from curate.models.weights import parse
from curate.pipeline import Pipeline, Placed
from curate.rules.format import Head, Rule, RuleFile
from curate.rules.library import made_of
from curate.rules.match import Matching

_SPEC = importlib.util.spec_from_file_location("made_weights", Path(__file__).parent / "made_weights.py")
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)

steady = settings(deadline=None, derandomize=True, max_examples=80)
STORY = "The ferry at Oxney was painted twice in one summer, and nobody on either bank could say why it had to be done again."
LINES = [
    "Home",
    "Tides | Ferries",
    STORY,
    "By Maud Tallis",
    "12 comments",
    STORY.replace("ferry", "bell"),
    "***",
    "Kept by the bell of Oxney",
]
PAGE = "\n".join(LINES)

ascending = st.lists(st.integers(-500, 500), min_size=2, max_size=8, unique=True).map(
    lambda values: [value / 10 for value in sorted(values)]
)


def document(page: str = PAGE) -> Document:
    doc = document_of_lines(page)
    doc.tags["lang"] = "en"
    doc.doc = "d"
    return doc


def live(doc: Document) -> np.ndarray:
    return np.flatnonzero(doc.live).astype(np.int32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with a model that thinks less of half of the page's paragraphs than its limit for a loss of .1 is."""
    doc = document()
    found = probabilities(parse(made.data("text", nets=2), "here", "text"), doc, live(doc))
    middle, above = float(np.median(found).round(4)), float(found.max().round(4)) + 0.01
    return str(made.written(tmp_path_factory.mktemp("weights"), nets=2, curve=[(0.0, 0.0), (0.1, middle), (0.5, above)]))


# From log odds to a measure.


def test_knots_give_what_was_measured_and_beyond_them_a_shift():
    found = calibrated(np.array([-5.0, -1.0, 0.0, 0.5, 1.0, 4.0]), made.KNOTS)
    assert found.tolist() == [-6, -2, 0, 1, 2, 5]


@steady
@given(ascending, ascending, st.lists(st.floats(-80, 80), min_size=2, max_size=20))
def test_calibration_changes_no_order(at: list[float], to: list[float], odds: list[float]):
    knots = list(zip(at, to, strict=False))
    found = calibrated(np.array(sorted(odds)), knots)
    assert (np.diff(found) >= -1e-9).all()
    assert np.isfinite(found).all()


@steady
@given(st.lists(st.floats(-700, 700), min_size=1, max_size=20))
@example([0.0])
def test_a_probability_is_one_and_grows_with_the_odds(odds: list[float]):
    found = probability(np.array(sorted(odds)))
    assert ((found >= 0) & (found <= 1)).all()
    assert all(low <= high for low, high in pairwise(found.tolist()))
    assert probability(np.array([0.0])).tolist() == [0.5]


# A page.


def test_a_text_page_gives_rows_and_one_bag():
    doc = document()
    given = inputs(doc, live(doc))
    assert kind_of(doc) == "text"
    assert given.dense.shape == (len(LINES), len(TABLES["text"]))
    assert [len(bag.counts) for bag in given.bags] == [len(LINES)]


def test_there_is_a_table_for_html_that_begins_with_that_for_text():
    assert TABLES["html"][: len(TABLES["text"])] == TABLES["text"]
    names = [feature.name for feature in TABLES["html"]]
    assert len(set(names)) == len(names)


def test_the_answer_is_the_mean_of_the_nets_calibrated(weights: str):
    doc = document()
    loaded = model(weights, "text")
    given = inputs(doc, live(doc))
    assert [isinstance(net, Net) for net in loaded.nets] == [True, True]
    each = [logits(net, given.dense, given.bags).astype(np.float64) for net in loaded.nets]
    assert not np.allclose(each[0], each[1])
    expected = probability(calibrated((each[0] + each[1]) / 2, made.KNOTS))
    assert np.allclose(probabilities(loaded, doc, live(doc)), expected, atol=1e-12)
    assert np.array_equal(measured(mean_odds(loaded.nets, given), made.KNOTS, None), probabilities(loaded, doc, live(doc)))


def test_weights_are_read_once(weights: str):
    assert model(weights, "text") is model(weights, "text")


def test_a_page_has_the_same_answers_whatever_came_before_it(weights: str):
    loaded, doc = model(weights, "text"), document()
    before = probabilities(loaded, doc, live(doc)).tobytes()
    for count in (1, 3, 500):
        other = document("\n".join([STORY] * count))
        probabilities(loaded, other, live(other))
    again = document()
    assert probabilities(loaded, again, live(again)).tobytes() == before


# The step.


def steps(weights: str, *, max_loss: float = 0.1, store: bool = False) -> Pipeline:
    return Pipeline([Placed("page-model", PageModel(max_loss=max_loss, weights=weights), store)])


def looked_at(weights: str, lines: Sequence[str], max_loss: float = 0.1) -> list[float]:
    """The measures of lines: those of what stays are taken again, on a page of what stays, until nothing goes any more."""
    found = dict.fromkeys(range(len(lines)), 0.0)
    left = list(found)
    while left:
        alone = document("\n".join(lines[number] for number in left))
        found.update(zip(left, probabilities(model(weights, "text"), alone, live(alone)).round(6).tolist(), strict=True))
        stays = [number for number in left if found[number] >= model(weights, "text").limit(max_loss)]
        if stays == left:
            break
        left = stays
    return list(found.values())


def test_what_is_below_the_limit_goes_with_measure_and_limit(weights: str):
    doc = document()
    expected = np.array(looked_at(weights, LINES))
    limit = model(weights, "text").limit(0.1)
    steps(weights).run(doc)
    assert doc.changes
    assert doc.kept == np.flatnonzero(expected >= limit).tolist()
    assert [(change.step, change.paragraph, change.measure, change.limit) for change in doc.changes] == [
        ("page-model", number, expected[number], limit) for number in np.flatnonzero(expected < limit).tolist()
    ]


def test_who_may_lose_nothing_drops_nothing(weights: str):
    doc = steps(weights, max_loss=0).run(document())
    assert doc.changes == []
    assert steps(weights, max_loss=0.5).run(document()).changes


def test_the_more_may_be_lost_the_more_goes(weights: str):
    kept = [set(steps(weights, max_loss=max_loss).run(document()).kept) for max_loss in (0.01, 0.05, 0.1, 0.3, 0.5)]
    assert all(more >= less for more, less in pairwise(kept))


def test_measures_are_stored_where_they_are_asked_for(weights: str):
    assert steps(weights, store=True).run(document()).measures["page-model"] == looked_at(weights, LINES)
    assert steps(weights).run(document()).measures == {}


def test_survivors_are_in_the_histogram(weights: str):
    pipeline = steps(weights)
    pipeline.run(document())
    assert pipeline.counts["page-model"].histogram.total() == len(LINES)


def test_what_was_dropped_before_is_neither_measured_nor_seen(weights: str):
    doc = document()
    doc.apply("rules", [Change(0, 0, 4), Change(6, 0, 3)])
    steps(weights, store=True).run(doc)
    expected = looked_at(weights, [line for number, line in enumerate(LINES) if number not in {0, 6}])
    found = doc.measures["page-model"]
    assert [value for number, value in enumerate(found) if number not in {0, 6}] == expected
    assert all(change.paragraph not in {0, 6} for change in doc.changes if change.step == "page-model")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Site rules with one rule, which keeps a line."""

    line: str
    experimental: bool = False

    def judge(self, doc: Document) -> Iterator[Change]:
        status = {"status": "experimental"} if self.experimental else {}
        rule = Rule("bell", "share-bar", "It is what the page is about.", "keep", line=self.line, **status)
        matching = Matching(made_of([RuleFile("generic/en/bells", Head(1, language=("en",)), (rule,))]))
        return matching.changes(doc, matching.scope(matching.packs(doc, "en", ""), "en", ""))


def lowest(weights: str) -> int:
    """The paragraph that the model thinks least of."""
    doc = document()
    return int(probabilities(model(weights, "text"), doc, live(doc)).argmin())


def kept_by_rule(weights: str, *, experimental: bool = False) -> Document:
    rule = Placed("site-rules", Keeping(LINES[lowest(weights)], experimental))
    return Pipeline([rule, *steps(weights, max_loss=0.5, store=True).steps]).run(document())


def test_what_a_keep_rule_names_stays_whatever_the_model_says(weights: str):
    number = lowest(weights)
    assert number not in steps(weights, max_loss=0.5).run(document()).kept
    doc = kept_by_rule(weights)
    assert number in doc.kept
    assert doc.measures["page-model"][number] == 1


def test_what_has_been_cleaned_is_not_cleaned_again(weights: str):
    for max_loss in (0.01, 0.03, 0.05):
        doc = steps(weights, max_loss=max_loss).run(document())
        assert doc.kept
        assert steps(weights, max_loss=max_loss).run(document(doc.text)).changes == []


def test_a_keep_rule_on_trial_keeps_nothing(weights: str):
    assert lowest(weights) not in kept_by_rule(weights, experimental=True).kept


def test_a_page_may_end_up_empty_and_says_so(tmp_path: Path):
    folder = made.written(tmp_path / "w", curve=[(0.0, 0.0), (0.5, 1.1)])
    doc = steps(str(folder), max_loss=0.5).run(document())
    assert (doc.outcome, doc.reason, doc.kept) == ("emptied", "page-model", [])


def test_a_pipeline_is_another_with_other_weights_and_the_same_in_another_folder(tmp_path: Path):
    here, there, other = (str(made.written(tmp_path / name, seed=seed)) for name, seed in (("here", 0), ("there", 0), ("other", 9)))
    assert steps(here).identity == steps(there).identity != steps(other).identity
    assert steps(here).identity != steps(here, max_loss=0.2).identity
    assert steps(here).weights_version == steps(there).weights_version != steps(other).weights_version


def test_a_change_of_either_file_is_another_version(tmp_path: Path):
    one, two = made.written(tmp_path / "one"), made.written(tmp_path / "two")
    (two / "html.weights").write_bytes(made.data("html", seed=5))
    assert steps(str(one)).identity != steps(str(two)).identity


def test_missing_weights_stop_a_run_before_its_first_page(tmp_path: Path):
    with pytest.raises(UsageError, match=r"text\.weights' cannot be read"):
        steps(str(tmp_path))
