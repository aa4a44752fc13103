"""What answers are worth: knots that reach what was measured, and a curve that loses what it says."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from curate.models.page import calibrated, probability
from curate.train.calibrate import Answers, curve, knots

steady = settings(deadline=None, derandomize=True, max_examples=120)

answers = st.lists(st.tuples(st.floats(-30, 30), st.integers(0, 1), st.integers(1, 2000)), min_size=1, max_size=200)


def of(given: list[tuple[float, int, int]]) -> Answers:
    odds, labels, chars = zip(*given, strict=True)
    return Answers(np.array(odds), np.array(labels, dtype=np.int8), np.array(chars, dtype=np.int32))


@steady
@given(answers)
@example([(0.0, 1, 5)])
@example([(float(number), number % 2, 1) for number in range(24)])
def test_knots_ascend(given_answers: list[tuple[float, int, int]]):
    assume(len({odds for odds, _, _ in given_answers}) == len(given_answers))  # equal odds have a case of their own
    assume(np.diff(np.sort([odds for odds, _, _ in given_answers])).min(initial=1) > 1e-3)
    found = knots(of(given_answers))
    assert 1 <= len(found) <= 24
    assert all(left[0] < right[0] and left[1] < right[1] for left, right in pairwise(found))
    assert np.isfinite(found).all()


def test_knots_ascend_where_many_answers_are_equal():
    found = knots(of([(0.1, number % 2, 1) for number in range(50)]))
    assert all(left[0] < right[0] for left, right in pairwise(found))


def test_calibration_reaches_the_frequencies_that_were_measured():
    rng = np.random.default_rng(0)
    odds = rng.normal(0, 3, size=40_000)
    true = 1 / (1 + np.exp(-(0.4 * odds - 1)))
    labels = (rng.random(len(odds)) < true).astype(np.int8)
    half = len(odds) // 2
    found = knots(Answers(odds[:half], labels[:half], np.ones(half, dtype=np.int32)))
    before, after = probability(odds[half:]), probability(calibrated(odds[half:], found))
    for low, high in pairwise(np.linspace(0, 1, 11)):
        some = (after >= low) & (after < high)
        if some.sum() > 300:
            assert after[some].mean() == pytest.approx(labels[half:][some].mean(), abs=0.04), f"from {low:.1f} to {high:.1f}"
    assert np.abs(after - true[half:]).mean() < 0.015
    assert np.abs(before - true[half:]).mean() > 0.1


def test_answers_in_the_wrong_order_are_pooled():
    odds = np.arange(48, dtype=np.float64)
    labels = (odds < 24).astype(np.int8)  # the higher, the worse
    [(at, to)] = knots(Answers(odds, labels, np.ones(48, dtype=np.int32)))
    assert (at, to) == (23.5, 0)


def test_no_knot_is_beyond_measure():
    found = knots(of([(float(number), int(number >= 24), 1) for number in range(48)]))
    assert all(abs(to) < 5 for _, to in found), "a few paragraphs are no certainty"


@steady
@given(answers)
@example([(0.0, 1, 10)])
@example([(0.0, 1, 10), (0.0, 1, 10)])
@example([(1.0, 1, 1), (2.0, 1, 1999)])
def test_a_curve_loses_what_it_says_and_no_limit_could_be_higher(given_answers: list[tuple[float, int, int]]):
    found = of(given_answers)
    measures = probability(found.odds).round(6)
    content = found.labels == 1
    assume(content.any())
    whole = found.chars[content].sum()
    for loss, limit in curve(measures, found.labels, found.chars):
        lost = found.chars[content & (measures < limit)].sum() / whole
        assert lost <= loss + 1e-12
        if loss > 0 and (content & (measures > limit)).any():
            assert found.chars[content & (measures <= limit)].sum() / whole > loss


@steady
@given(answers)
def test_a_curve_ascends_from_nothing(given_answers: list[tuple[float, int, int]]):
    found = of(given_answers)
    assume((found.labels == 1).any())
    losses, limits = zip(*curve(probability(found.odds), found.labels, found.chars), strict=True)
    assert (losses[0], limits[0], losses[-1]) == (0, 0, 0.5)
    assert all(low < high for low, high in pairwise(losses))
    assert all(low <= high for low, high in pairwise(limits))


def test_chrome_and_neutral_paragraphs_do_not_move_the_curve():
    measures, chars = np.array([0.1, 0.3, 0.5, 0.7]), np.array([10, 10, 10, 10], dtype=np.int32)
    with_others = curve(
        np.append(measures, [0.01, 0.2]), np.array([1, 1, 1, 1, 0, 2], dtype=np.int8), np.append(chars, [999, 999]).astype(np.int32)
    )
    assert with_others == curve(measures, np.ones(4, dtype=np.int8), chars)
    assert dict(with_others)[0.3] == 0.3
    assert dict(with_others)[0.2] == 0.1
    assert dict(with_others)[0.5] == 0.5
