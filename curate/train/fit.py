"""Fit a net to labelled pages with PyTorch, on one thread and from a seed: the same pages give the same weights.

The net here is the one of `curate.models.net`, which is what runs; `arrays` carries the trained weights over, and a test holds
the two together.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import numpy as np
import torch
from msgspec import Meta
from numpy.typing import NDArray
from torch import Tensor, nn

from curate.models.features import Dense
from curate.models.net import CLIP, POOL_AFTER, Array
from curate.models.page import Inputs
from curate.models.tokens import Bags
from curate.text.codepoints import Ints
from curate.train.labels import CHROME, CONTENT, NEUTRAL, Labels

Report = Callable[[str], None]

_FAR: Final = 1e9
_SHORTEST: Final = 10  # steps of a cycle: PyTorch divides by the first fifth of it, less one
_NOTHING: Final = 1e-9  # in the place of a weight of 0: a step in which nothing counts teaches nothing
_STEADY: Final = 0.02  # the least standard deviation, for features that hardly vary


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a net is built and trained. The defaults are for text."""

    hidden: Annotated[int, Meta(description="width of the first layer")] = 64
    width: Annotated[int, Meta(description="width of the convolutions")] = 48
    taps: Annotated[int, Meta(description="paragraphs that a convolution sees at once; odd")] = 3
    dilations: Annotated[tuple[int, ...], Meta(description="how far apart they are, convolution by convolution")] = (1, 2, 4, 8, 16)
    vector: Annotated[int, Meta(description="numbers that are learned of each row of a bag's table")] = 8
    rows: Annotated[tuple[int, ...], Meta(description="rows of each bag's table")] = (8192,)
    epochs: Annotated[int, Meta(description="times that all pages are seen")] = 6
    rate: Annotated[float, Meta(description="learning rate at its highest, of one cycle")] = 4e-3
    decay: Annotated[float, Meta(description="weight decay (AdamW)")] = 1e-2
    batch: Annotated[int, Meta(description="pages of a step")] = 16
    feature_dropout: Annotated[float, Meta(description="share of the dense features that a step does without")] = 0.05
    bag_dropout: Annotated[float, Meta(description="share of the bags that a step does without")] = 0.3
    group_dropout: Annotated[
        float, Meta(description="share of the pages seen without a group of features: without names, without words")
    ] = 0.0
    chrome_dropout: Annotated[float, Meta(description="share of the pages of which some chrome is left out: as if half cleaned")] = 0.4
    excerpts: Annotated[float, Meta(description="share of the pages in whose place an excerpt is seen")] = 0.25
    worn: Annotated[
        float, Meta(description="share of the pages seen in lower case, without ends of sentences, without blanks, or cleaned")
    ] = 0.3
    smoothing: Annotated[float, Meta(description="distance of the targets from 0 and 1")] = 0.02
    length_power: Annotated[float, Meta(description="a paragraph weighs its characters to this power")] = 0.25
    by_page: Annotated[bool, Meta(description="whether all pages weigh the same, and not by their paragraphs")] = False
    page_f1: Annotated[float, Meta(description="weight of 1 - soft F1 of each page by characters, besides the log loss")] = 0.0
    nets: Annotated[int, Meta(description="nets from different seeds whose log odds are averaged")] = 1


class Example(NamedTuple):
    """A page as the net sees it in training."""

    inputs: Inputs
    labels: Labels
    lengths: NDArray[np.int32]
    weight: float = 1.0
    partial: bool = False  # whether only some of its paragraphs have a label, so that no F1 of it can be told


class Examples(NamedTuple):
    """A page and what may be seen in its place."""

    page: Example
    excerpts: tuple[Example, ...] = ()
    worn: tuple[Example, ...] = ()


class TorchNet(nn.Module):
    """The net of `curate.models.net`, over several pages at once."""

    def __init__(self, recipe: Recipe, features: int) -> None:
        super().__init__()
        self._recipe = recipe
        self.tables = nn.ModuleList(nn.EmbeddingBag(rows, recipe.vector, mode="mean", include_last_offset=True) for rows in recipe.rows)
        for table in self.tables:
            nn.init.normal_(table.weight, 0, 0.05)  # type: ignore[arg-type]  # a parameter
        self.first = nn.Linear(features + recipe.vector * len(recipe.rows), recipe.hidden)
        self.second = nn.Linear(recipe.hidden, recipe.width)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(recipe.width, recipe.width, recipe.taps, dilation=dilation, padding=dilation * (recipe.taps // 2))
            for dilation in recipe.dilations
        )
        self.pool = nn.Linear(2 * recipe.width, recipe.width)
        self.third = nn.Linear(recipe.width, recipe.width // 2)
        self.last = nn.Linear(recipe.width // 2, 1)

    def forward(self, dense: Tensor, bags: Sequence[tuple[Tensor, Tensor]], pages: list[int]) -> Tensor:
        """Log odds for the paragraphs of pages with `pages` paragraphs each, one page after the other."""
        vectors = [table(*bag) for table, bag in zip(self.tables, bags, strict=True)]
        if self.training:
            vectors = [vector * (torch.rand(len(vector), 1) >= self._recipe.bag_dropout) for vector in vectors]
        hidden = torch.relu(self.second(torch.relu(self.first(torch.cat([dense, *vectors], 1)))))
        padded = nn.utils.rnn.pad_sequence(list(torch.split(hidden, pages)), batch_first=True).transpose(1, 2)
        there = (torch.arange(padded.shape[2])[None] < torch.tensor(pages)[:, None])[:, None]
        for number, convolution in enumerate(self.convolutions, start=1):
            padded = (padded + torch.relu(convolution(padded))) * there
            if number == POOL_AFTER:
                mean = padded.sum(2) / there.sum(2)
                most = (padded - _FAR * ~there).max(2)[0]
                padded = (padded + self.pool(torch.cat([mean, most], 1))[:, :, None]) * there
        answer: Tensor = self.last(torch.relu(self.third(padded.transpose(1, 2)[there[:, 0]])))[:, 0]
        return answer

    def arrays(self) -> dict[str, Array]:
        """The weights as `curate.models.net` has them, by name."""
        found = {f"table.{number}": _numpy(table.weight) for number, table in enumerate(self.tables)}  # type: ignore[arg-type]
        for name in ("first", "second", "pool", "third", "last"):
            layer = getattr(self, name)
            found |= {f"{name}.weight": _numpy(layer.weight).T.copy(), f"{name}.bias": _numpy(layer.bias)}
        for number, convolution in enumerate(self.convolutions):
            weight = _numpy(convolution.weight)  # type: ignore[arg-type]  # out, in, tap
            found[f"convolution.{number}.weight"] = weight.transpose(2, 1, 0).reshape(-1, weight.shape[0]).copy()
            found[f"convolution.{number}.bias"] = _numpy(convolution.bias)  # type: ignore[arg-type]
        return found


def _numpy(values: Tensor) -> Array:
    array: Array = values.detach().numpy().astype(np.float32)
    return array


def fit(pages: Sequence[Examples], recipe: Recipe, seed: int, report: Report, groups: Sequence[Ints] = ()) -> list[dict[str, Array]]:
    """The arrays of `recipe.nets` nets trained on some pages; `report` is told the loss of every epoch.

    `groups` are columns of features that pages are to be seen without at times, see `Recipe.group_dropout`.
    """
    torch.set_num_threads(1)
    stacked = np.concatenate([examples.page.inputs.dense for examples in pages])
    mean, scale = stacked.mean(axis=0), 1 / np.maximum(stacked.std(axis=0), np.float32(_STEADY))
    del stacked
    fitting = _Fitting(recipe, mean, scale, tuple(groups))
    nets = [_fit(pages, fitting, seed + number, report) for number in range(recipe.nets)]
    return [{**net.arrays(), "mean": mean, "scale": scale} for net in nets]


class _Fitting(NamedTuple):
    """What stays the same from step to step."""

    recipe: Recipe
    mean: Array
    scale: Array
    groups: tuple[Ints, ...]


def _fit(pages: Sequence[Examples], fitting: _Fitting, seed: int, report: Report) -> TorchNet:
    recipe = fitting.recipe
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = TorchNet(recipe, len(fitting.mean))
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    steps = math.ceil(len(pages) / recipe.batch)
    cycle = max(recipe.epochs * steps + 1, _SHORTEST)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=cycle, pct_start=0.2)
    net.train()
    for epoch in range(recipe.epochs):
        order, total = rng.permutation(len(pages)), 0.0
        for start in range(0, len(order), recipe.batch):
            chosen = [_thinned(_seen(pages[place], recipe, rng), recipe, rng) for place in order[start : start + recipe.batch]]
            loss = _loss(net, chosen, fitting, rng)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # PyTorch leaves it untyped
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        report(f"seed {seed}, epoch {epoch + 1} of {recipe.epochs}: loss {total / steps:.4f}")
    return net.eval()


def _seen(examples: Examples, recipe: Recipe, rng: np.random.Generator) -> Example:
    """A page, or what is seen in its place this time."""
    draw = rng.random()
    others = examples.excerpts if draw < recipe.excerpts else examples.worn if draw < recipe.excerpts + recipe.worn else ()
    return others[rng.integers(len(others))] if others else examples.page


def _thinned(example: Example, recipe: Recipe, rng: np.random.Generator) -> Example:
    """A page with some of its chrome left out, as an earlier step or another tool would have."""
    if rng.random() >= recipe.chrome_dropout:
        return example
    kept = np.flatnonzero((example.labels != CHROME) | (rng.random(len(example.labels)) > rng.random()))
    if not len(kept):
        return example
    inputs = example.inputs._replace(dense=example.inputs.dense[kept], bags=tuple(_some(bag, kept) for bag in example.inputs.bags))
    return example._replace(inputs=inputs, labels=example.labels[kept], lengths=example.lengths[kept])


def _some(bag: Bags, kept: NDArray[np.intp]) -> Bags:
    """The bags of some of the paragraphs."""
    starts, counts = (np.cumsum(bag.counts) - bag.counts)[kept], bag.counts[kept]
    places = np.repeat(starts - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    return Bags(bag.ids[places], counts)


def tensors(examples: Sequence[Inputs], mean: Array, scale: Array) -> tuple[Tensor, list[tuple[Tensor, Tensor]], list[int]]:
    """Several pages as `TorchNet.forward` takes them."""
    dense: Dense = np.clip((np.concatenate([inputs.dense for inputs in examples]) - mean) * scale, -CLIP, CLIP)
    bags = []
    for kind in range(len(examples[0].bags)):
        ids = np.concatenate([inputs.bags[kind].ids for inputs in examples]).astype(np.int64)
        counts = np.concatenate([inputs.bags[kind].counts for inputs in examples])
        bags.append((torch.from_numpy(ids), torch.from_numpy(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))))
    return torch.from_numpy(dense.astype(np.float32)), bags, [len(inputs.dense) for inputs in examples]


def _loss(net: TorchNet, pages: Sequence[Example], fitting: _Fitting, rng: np.random.Generator) -> Tensor:
    recipe = fitting.recipe
    dense, bags, sizes = tensors([page.inputs for page in pages], fitting.mean, fitting.scale)
    if recipe.feature_dropout:
        dense = dense * (torch.rand(1, dense.shape[1]) >= recipe.feature_dropout)
    for group in fitting.groups:
        for rows in torch.split(dense, sizes):
            if rng.random() < recipe.group_dropout:
                rows[:, torch.from_numpy(group)] = 0
    odds = net(dense, bags, sizes)
    labels = torch.from_numpy(np.concatenate([page.labels for page in pages]))
    weights = torch.from_numpy(np.concatenate([_weights(page, recipe) for page in pages])).float()
    targets = torch.where(labels == CONTENT, 1 - recipe.smoothing, recipe.smoothing)
    loss: Tensor = (nn.functional.binary_cross_entropy_with_logits(odds, targets, reduction="none") * weights).sum() / weights.sum().clamp(
        min=_NOTHING
    )
    return loss + recipe.page_f1 * _page_loss(odds, pages, sizes) if recipe.page_f1 else loss


def _weights(page: Example, recipe: Recipe) -> NDArray[np.float64]:
    """What each paragraph weighs in the loss."""
    weights = np.where(page.labels == NEUTRAL, 0, page.lengths.astype(np.float64) ** recipe.length_power)
    return weights * (page.weight / max(weights.sum(), 1) if recipe.by_page else page.weight)


def _page_loss(odds: Tensor, pages: Sequence[Example], sizes: list[int]) -> Tensor:
    """The mean over pages of 1 - F1 by characters, every paragraph kept by its probability."""
    losses, weights = [], []
    for odd, page in zip(torch.split(odds, sizes), pages, strict=True):
        chars = torch.from_numpy(np.where(page.labels == NEUTRAL, 0, page.lengths)).float()
        wanted = chars * torch.from_numpy(page.labels == CONTENT)
        if float(wanted.sum()) > 0 and page.weight > 0 and not page.partial:
            kept = torch.sigmoid(odd)
            losses.append(page.weight * (1 - 2 * (kept * wanted).sum() / ((kept * chars).sum() + wanted.sum())))
            weights.append(page.weight)
    return torch.stack(losses).sum() / sum(weights) if losses else torch.zeros(())
