"""The net: dense features and bags of words in, one number a paragraph out; numpy alone.

Every paragraph becomes a vector; residual convolutions of growing dilation then let it see its neighbours, and once the
mean and maximum of the whole page (after WaveNet's stacks, van den Oord et al. 2016; for lines of a page the study that
this was built on found a line alone worth .07 of line F1 less). Matrix products never run across pages: how a
product is blocked depends on its shape, and the same page must give the same bytes in any company.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.models.features import Dense
from curate.models.tokens import Bags

Array = NDArray[np.float32]

CLIP: Final = np.float32(4)  # standard deviations beyond which a feature says no more


class Convolution(NamedTuple):
    """`weight` has the shape (taps × width, width): the taps from the paragraph above to the one below."""

    weight: Array
    bias: Array
    dilation: int


class Layer(NamedTuple):
    """`weight` has the shape (in, out)."""

    weight: Array
    bias: Array


class Net(NamedTuple):
    """The arrays of a trained net."""

    mean: Array
    scale: Array  # one over the standard deviation
    tables: tuple[Array, ...]  # a table of vectors for each kind of bag
    first: Layer
    second: Layer
    convolutions: tuple[Convolution, ...]
    pool: Layer
    third: Layer
    last: Layer


POOL_AFTER: Final = 2  # convolutions, before the page as a whole is looked at


def net_of(arrays: Mapping[str, Array], dilations: Sequence[int], tables: int) -> Net:
    """A net from its arrays by name."""

    def layer(name: str) -> Layer:
        return Layer(arrays[f"{name}.weight"], arrays[f"{name}.bias"])

    return Net(
        mean=arrays["mean"],
        scale=arrays["scale"],
        tables=tuple(arrays[f"table.{number}"] for number in range(tables)),
        first=layer("first"),
        second=layer("second"),
        convolutions=tuple(Convolution(*layer(f"convolution.{number}"), dilation) for number, dilation in enumerate(dilations)),
        pool=layer("pool"),
        third=layer("third"),
        last=layer("last"),
    )


def standardised(dense: Dense, mean: Array, scale: Array) -> Dense:
    """Features in standard deviations from their mean, clipped."""
    scaled = (dense - mean) * scale
    clipped: Dense = np.clip(scaled, -CLIP, CLIP, out=scaled)
    return clipped


def pooled(table: Array, bags: Bags) -> Array:
    """The mean vector of each bag; zeros for an empty one."""
    sums = np.zeros((len(bags.counts), table.shape[1]), dtype=np.float32)
    if len(bags.ids):
        some = np.flatnonzero(bags.counts)
        starts = np.cumsum(bags.counts[some]) - bags.counts[some]
        sums[some] = np.add.reduceat(table[bags.ids], starts) / bags.counts[some, None].astype(np.float32)
    return sums


def logits(net: Net, dense: Dense, bags: Sequence[Bags]) -> Array:
    """The log odds of content for each paragraph of a page."""
    vectors = [pooled(table, bag) for table, bag in zip(net.tables, bags, strict=True)]
    hidden = _relu(_linear(net.first, np.concatenate([standardised(dense, net.mean, net.scale), *vectors], axis=1)))
    hidden = _relu(_linear(net.second, hidden))
    for number, convolution in enumerate(net.convolutions, start=1):
        hidden += _relu(_convolved(convolution, hidden))
        if number == POOL_AFTER:
            page = np.concatenate([hidden.mean(axis=0), hidden.max(axis=0)])
            hidden += _linear(net.pool, page[None])
    answer: Array = _linear(net.last, _relu(_linear(net.third, hidden)))[:, 0]
    return answer


def _linear(layer: Layer, values: Array) -> Array:
    product = values @ layer.weight
    product += layer.bias
    return product


def _relu(values: Array) -> Array:
    positive: Array = np.maximum(values, 0, out=values)
    return positive


def _convolved(convolution: Convolution, hidden: Array) -> Array:
    """A convolution over the paragraphs, as one matrix product; beyond the page stand zeros."""
    count, width = hidden.shape
    taps = len(convolution.weight) // width
    reach = convolution.dilation * (taps // 2)
    around = np.zeros((count + 2 * reach, width), dtype=np.float32)
    around[reach : reach + count] = hidden
    seen = np.empty((count, taps * width), dtype=np.float32)
    for tap in range(taps):
        seen[:, tap * width : (tap + 1) * width] = around[tap * convolution.dilation : tap * convolution.dilation + count]
    return _linear(Layer(convolution.weight, convolution.bias), seen)
