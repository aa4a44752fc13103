"""Fitting: the same pages give the same weights, the loss falls where there is something to learn, and neutral is neutral."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from curate.document import document_of_lines
from curate.fields import describe
from curate.models.net import net_of
from curate.models.page import Inputs, inputs, mean_odds
from curate.models.tokens import Bags

torch = pytest.importorskip("torch", reason="training needs PyTorch, which comes with the extra `train`")

from curate.train import fit as fitting  # noqa: E402  # needs PyTorch
from curate.train.fit import Example, Examples, Recipe, TorchNet, fit, tensors  # noqa: E402

_SPEC = importlib.util.spec_from_file_location("toy_pages", Path(__file__).parent / "toy_pages.py")
assert _SPEC
assert _SPEC.loader
toy = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(toy)

torch.set_num_threads(1)
SMALL = Recipe(hidden=12, width=8, dilations=(1, 2), vector=2, epochs=3, rate=2e-2, batch=6)
FEATURES = 5


def example(number: int) -> Example:
    row = toy.row(number)
    doc = document_of_lines("\n".join(row["lines"]))
    doc.tags["lang"] = "en"
    return Example(inputs(doc, np.arange(doc.read, dtype=np.int32)), np.array(row["labels"], dtype=np.int8), doc.lengths)


def made(labels: list[int], seed: int = 0, weight: float = 1.0) -> Example:
    """A page of random features."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, size=len(labels)).astype(np.int32)
    bags = Bags(rng.integers(0, 50, size=counts.sum()), counts)
    dense = rng.normal(size=(len(labels), FEATURES)).astype(np.float32)
    return Example(
        Inputs(dense, (bags,), None), np.array(labels, dtype=np.int8), rng.integers(1, 90, size=len(labels)).astype(np.int32), weight
    )


def part(whole: Example, kept: list[int]) -> Example:
    return whole._replace(
        inputs=Inputs(
            whole.inputs.dense[kept], tuple(fitting._some(bag, np.array(kept, dtype=np.intp)) for bag in whole.inputs.bags), None
        ),
        labels=whole.labels[kept],
        lengths=whole.lengths[kept],
    )


MOMENTS = (np.zeros(FEATURES, dtype=np.float32), np.ones(FEATURES, dtype=np.float32))


def loss(pages: list[Example], groups: tuple[np.ndarray, ...] = (), **changed: object) -> float:
    """The loss of a net that looks at every paragraph alone, before any training."""
    torch.manual_seed(0)
    recipe = Recipe(hidden=6, width=4, dilations=(), vector=2, rows=(50,), **changed)
    found = fitting._loss(TorchNet(recipe, FEATURES).eval(), pages, fitting._Fitting(recipe, *MOMENTS, groups), np.random.default_rng(0))
    return found.detach().item()


@pytest.fixture(scope="module")
def pages() -> list[Examples]:
    return [Examples(example(number)) for number in range(24)]


@pytest.fixture(scope="module")
def fitted(pages: list[Examples]):
    told: list[str] = []
    return fit(pages, SMALL, 1, told.append), told


def all_bytes(nets: list[dict[str, np.ndarray]]) -> list[dict[str, bytes]]:
    return [{name: array.tobytes() for name, array in net.items()} for net in nets]


def test_the_same_pages_and_seed_give_the_same_bytes(pages: list[Examples], fitted):
    torch.rand(3)
    again = fit(pages, SMALL, 1, lambda _: None)
    assert all_bytes(again) == all_bytes(fitted[0])


def test_another_seed_gives_others(pages: list[Examples], fitted):
    other = fit(pages, SMALL, 2, lambda _: None)
    assert all_bytes(other) != all_bytes(fitted[0])
    assert np.array_equal(other[0]["mean"], fitted[0][0]["mean"]), "but the moments of the features are the pages' own"


def test_several_nets_come_from_seeds_in_a_row(pages: list[Examples]):
    short = Recipe(hidden=12, width=8, dilations=(1, 2), vector=2, epochs=1, batch=12, nets=2)
    two = all_bytes(fit(pages[:12], short, 5, lambda _: None))
    one = Recipe(hidden=12, width=8, dilations=(1, 2), vector=2, epochs=1, batch=12)
    assert two == [*all_bytes(fit(pages[:12], one, 5, lambda _: None)), *all_bytes(fit(pages[:12], one, 6, lambda _: None))]


def test_the_loss_of_every_epoch_is_told_and_falls(fitted):
    _, told = fitted
    found = [re.fullmatch(r"seed 1, epoch (\d) of 3: loss (\d+\.\d{4})", line) for line in told]
    assert [match[1] for match in found] == ["1", "2", "3"]
    losses = [float(match[2]) for match in found]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.7 * losses[0]


def test_what_was_learned_holds_on_pages_that_were_not_seen(fitted):
    nets = [net_of(net, SMALL.dilations, 1) for net in fitted[0]]
    for number in range(100, 110):
        unseen = example(number)
        odds = mean_odds(nets, unseen.inputs)
        assert odds[unseen.labels == 1].min() > odds[unseen.labels == 0].max()


def test_features_have_their_own_moments(pages: list[Examples], fitted):
    dense = np.concatenate([page.page.inputs.dense for page in pages])
    assert np.allclose(fitted[0][0]["mean"], dense.mean(axis=0), atol=1e-6)
    steady = dense.std(axis=0) == 0
    assert steady.any()
    assert np.isfinite(fitted[0][0]["scale"]).all(), "features that never vary do not divide by nothing"


# The loss.


@pytest.mark.parametrize("changed", [{}, {"by_page": True}, {"page_f1": 0.5}], ids=["by paragraph", "by page", "with soft F1"])
def test_neutral_paragraphs_have_no_influence(changed: dict[str, object]):
    whole = made([0, 2, 1, 1, 2, 0, 2])
    assert loss([whole], **changed) == pytest.approx(loss([part(whole, [0, 2, 3, 5])], **changed), rel=1e-5)
    assert loss([whole], **changed) != pytest.approx(loss([whole._replace(labels=whole.labels * 0)], **changed), rel=1e-3)


def test_a_page_that_weighs_nothing_is_as_good_as_not_there():
    pages = [made([0, 1, 1], seed=1), made([1, 0], seed=2, weight=0)]
    assert loss(pages) == pytest.approx(loss(pages[:1]), rel=1e-5)


def test_a_page_that_weighs_twice_is_as_one_that_is_there_twice():
    one, other = made([0, 1, 1], seed=1), made([1, 0], seed=2)
    assert loss([one, other._replace(weight=2)]) == pytest.approx(loss([one, other, other]), rel=1e-5)


def test_pages_are_seen_without_a_group_of_features():
    page, group = made([0, 1, 1]), np.array([1, 3], dtype=np.int32)
    dense = page.inputs.dense.copy()
    dense[:, group] = 0  # as the mean is 0, what is left out is as usual
    without = page._replace(inputs=page.inputs._replace(dense=dense))
    assert loss([page], (group,), group_dropout=1) == pytest.approx(loss([without]), rel=1e-5)
    assert loss([page], (group,), group_dropout=0) == loss([page]) != pytest.approx(loss([without]), rel=1e-3)


def test_a_page_of_which_little_is_known_has_no_f1():
    page = made([0, 1, 2])
    assert loss([page._replace(partial=True)], page_f1=1.0) == pytest.approx(loss([page]), rel=1e-5)
    assert loss([page], page_f1=1.0) > loss([page])


def test_pages_may_weigh_the_same_whatever_their_length():
    weights = fitting._weights(made([0, 1, 2] * 9), Recipe(by_page=True)), fitting._weights(made([1]), Recipe(by_page=True))
    assert [weight.sum() for weight in weights] == pytest.approx([1, 1])


def test_a_paragraph_weighs_its_characters_to_a_power():
    page = made([0, 1, 2])._replace(lengths=np.array([16, 81, 256], dtype=np.int32))
    assert fitting._weights(page, Recipe(length_power=0.25)).tolist() == [2, 3, 0]
    assert fitting._weights(page._replace(weight=0.5), Recipe(length_power=0.5)).tolist() == [2, 4.5, 0]


@pytest.mark.parametrize("changed", [{}, {"page_f1": 0.5}], ids=["log loss", "with soft F1"])
@pytest.mark.parametrize("page", [made([2, 2, 2]), made([0, 1], weight=0.0)], ids=["all neutral", "of no weight"])
def test_a_step_in_which_nothing_counts_is_no_loss(page: Example, changed: dict[str, object]):
    assert loss([page], **changed) == 0


def test_weights_stay_numbers_whatever_a_step_holds():
    pages = [Examples(made([0, 1, 1, 0], seed=seed)) for seed in range(3)]
    pages += [Examples(made([2, 2]))]
    nets = fit(pages, Recipe(hidden=6, width=4, dilations=(1,), vector=2, rows=(50,), epochs=1, batch=1), 0, lambda _: None)
    assert all(np.isfinite(array).all() for net in nets for array in net.values())


# What is seen in a page's place.


def test_some_bags():
    bags = Bags(np.array([1, 2, 3, 4, 5, 6]), np.array([2, 0, 1, 3], dtype=np.int32))
    for kept, ids, counts in (([0, 2], [1, 2, 3], [2, 1]), ([3], [4, 5, 6], [3]), ([1], [], [0]), ([1, 3], [4, 5, 6], [0, 3])):
        found = fitting._some(bags, np.array(kept))
        assert (found.ids.tolist(), found.counts.tolist()) == (ids, counts)


def test_a_thinned_page_has_lost_chrome_and_nothing_else():
    whole, rng = made([0, 1, 0, 2, 0, 0, 1, 0], seed=3), np.random.default_rng(0)
    seen = [fitting._thinned(whole, Recipe(chrome_dropout=1), rng) for _ in range(60)]
    assert {len(page.labels) for page in seen} > {3, 5, 8}
    for page in seen:
        kept = [np.flatnonzero((whole.inputs.dense == row).all(axis=1))[0] for row in page.inputs.dense]
        assert {1, 3, 6} <= set(kept)
        expected = part(whole, kept)
        assert page.labels.tolist() == expected.labels.tolist()
        assert page.lengths.tolist() == expected.lengths.tolist()
        assert page.inputs.bags[0].ids.tolist() == expected.inputs.bags[0].ids.tolist()
    assert fitting._thinned(whole, Recipe(chrome_dropout=0), rng) is whole
    chrome = made([0, 0])
    assert all(len(fitting._thinned(chrome, Recipe(chrome_dropout=1), rng).labels) for _ in range(40)), "a page is never left empty"


def test_excerpts_and_worn_pages_are_seen_in_their_share():
    page, excerpt, worn = made([0]), made([1]), made([2])
    whole, rng = Examples(page, (excerpt,), (worn,)), np.random.default_rng(0)
    seen = [fitting._seen(whole, Recipe(excerpts=0.3, worn=0.2), rng) for _ in range(1000)]
    shares = [sum(one is other for one in seen) / 1000 for other in (page, excerpt, worn)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.05)
    assert all(fitting._seen(Examples(page), Recipe(), rng) is page for _ in range(20)), "a page without any is seen itself"


def test_pages_are_stacked_with_the_offsets_of_their_bags():
    pages = [made([0, 1], seed=1).inputs, made([1], seed=2).inputs]
    dense, bags, sizes = tensors(pages, *MOMENTS)
    assert sizes == [2, 1]
    assert dense.shape == (3, FEATURES)
    ids, offsets = bags[0]
    counts = np.concatenate([page.bags[0].counts for page in pages])
    assert np.diff(offsets.numpy()).tolist() == counts.tolist()
    assert ids.tolist() == np.concatenate([page.bags[0].ids for page in pages]).tolist()


def test_every_part_of_a_recipe_is_described():
    assert all(field.description for field in describe(Recipe))
