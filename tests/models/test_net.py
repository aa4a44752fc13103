"""The net: what numpy makes of weights, held against PyTorch where the same layers come ready-made."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

from curate.models.net import CLIP, Bags, Convolution, Layer, logits, net_of, pooled, standardised
from curate.models.net import _convolved as convolved

_SPEC = importlib.util.spec_from_file_location("made_weights", Path(__file__).parent / "made_weights.py")
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)

FEATURES = 7


def page(count: int, seed: int = 0, tables: int = 2) -> tuple[np.ndarray, tuple[Bags, ...]]:
    """Random inputs for a page of so many paragraphs; some bags are empty."""
    rng = np.random.default_rng(seed)
    dense = (rng.normal(size=(count, FEATURES)) * 3).astype(np.float32)
    bags = []
    for _ in range(tables):
        counts = rng.integers(0, 5, size=count).astype(np.int32)
        bags.append(Bags(rng.integers(0, made.ROWS, size=counts.sum()), counts))
    return dense, tuple(bags)


def net(seed: int = 0, dilations: tuple[int, ...] = made.DILATIONS):
    return net_of(made.arrays(FEATURES, 2, seed, dilations), dilations, 2)


def test_features_are_standardised_and_clipped():
    dense = np.array([[1, 10, -3], [2, 30, 1000]], dtype=np.float32)
    found = standardised(dense, np.array([1, 20, 0], dtype=np.float32), np.array([2, 0.1, 1], dtype=np.float32))
    assert found.tolist() == [[0, -1, -3], [2, 1, CLIP]]
    assert dense.tolist() == [[1, 10, -3], [2, 30, 1000]], "the features themselves stay as they are"


def test_a_bag_is_the_mean_of_its_rows_and_an_empty_one_zero():
    table = np.array([[1, 0], [3, 10], [5, 2]], dtype=np.float32)
    found = pooled(table, Bags(np.array([0, 1, 2, 2]), np.array([0, 2, 0, 1, 1, 0], dtype=np.int32)))
    assert found.tolist() == [[0, 0], [2, 5], [0, 0], [5, 2], [5, 2], [0, 0]]
    assert pooled(table, Bags(np.zeros(0, dtype=np.intp), np.zeros(3, dtype=np.int32))).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize("dilation", [1, 2, 8])
@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_a_convolution_sees_what_stands_a_dilation_above_and_below(dilation: int, count: int):
    rng = np.random.default_rng(dilation)
    hidden, weight, bias = (rng.normal(size=shape).astype(np.float32) for shape in ((count, 4), (12, 4), (4,)))
    found = convolved(Convolution(weight, bias, dilation), hidden)
    for number in range(count):
        expected = bias.astype(np.float64)
        for tap, place in enumerate((number - dilation, number, number + dilation)):
            if 0 <= place < count:
                expected = expected + hidden[place] @ weight[tap * 4 : (tap + 1) * 4]
        assert np.allclose(found[number], expected, atol=1e-5)


def test_arrays_find_their_places_by_name():
    arrays = made.arrays(FEATURES, 2)
    found = net_of(arrays, made.DILATIONS, 2)
    assert found.first == Layer(arrays["first.weight"], arrays["first.bias"])
    assert [
        (convolution.weight is arrays[f"convolution.{n}.weight"], convolution.dilation) for n, convolution in enumerate(found.convolutions)
    ] == [(True, 1), (True, 2), (True, 4)]
    assert [table is arrays[f"table.{number}"] for number, table in enumerate(found.tables)] == [True, True]


def test_there_is_a_number_for_each_paragraph_and_the_same_one_each_time():
    for count in (1, 2, 3, 40):
        dense, bags = page(count)
        found = logits(net(), dense, bags)
        assert found.shape == (count,)
        assert np.isfinite(found).all()
        assert found.tobytes() == logits(net(), dense, bags).tobytes()


def test_a_net_takes_as_many_kinds_of_bags_as_it_has_tables():
    dense, bags = page(3)
    with pytest.raises(ValueError, match="zip"):
        logits(net(), dense, bags[:1])


def test_a_paragraph_is_seen_in_the_company_of_the_page():
    dense, bags = page(60)
    other = dense.copy()
    other[0] += 2
    assert logits(net(), dense, bags)[59] != logits(net(), other, bags)[59], "by the mean of the page, however far away"


# Against PyTorch.


@pytest.mark.parametrize("dilations", [(1, 2, 4), (1, 2), (3,)])
def test_it_is_the_net_that_is_trained(dilations: tuple[int, ...]):
    torch = pytest.importorskip("torch", reason="PyTorch comes with the extra `train`; without it there is nothing to compare with")
    from curate.models.page import Inputs
    from curate.train.fit import Recipe, TorchNet, tensors

    torch.set_num_threads(1)
    torch.manual_seed(3)
    recipe = Recipe(hidden=12, width=8, dilations=dilations, vector=4, rows=(made.ROWS, made.ROWS))
    trained = TorchNet(recipe, FEATURES).eval()
    with torch.no_grad():
        for parameter in trained.parameters():  # biases, too, and large enough to tell a mistake from noise
            parameter.copy_(torch.randn_like(parameter) / math.sqrt(parameter.shape[-1] if parameter.dim() < 3 else 24))
    rng = np.random.default_rng(5)
    mean, scale = (rng.normal(size=FEATURES).astype(np.float32), rng.random(FEATURES).astype(np.float32) + np.float32(0.1))
    pages = [page(count, seed=count) for count in (1, 2, 30, 7, 1)]
    with torch.no_grad():
        theirs = trained(*tensors([Inputs(*some, None) for some in pages], mean, scale)).numpy()
    ours = net_of({**trained.arrays(), "mean": mean, "scale": scale}, dilations, 2)
    found = np.concatenate([logits(ours, *some) for some in pages])
    assert found.std() > 0.1, "all answers alike would show nothing"
    assert np.abs(found - theirs).max() < 1e-4
