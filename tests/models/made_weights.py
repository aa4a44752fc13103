"""Weights that nobody trained: arrays of the right shapes with small random numbers, for tests of what runs them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from curate.models.net import Array
from curate.models.page import BAGS, TABLES
from curate.models.weights import FORMAT, Head, dump

KNOTS = [(-1.0, -2.0), (1.0, 2.0)]
CURVE = [(0.0, 0.0), (0.01, 0.2), (0.1, 0.6), (0.5, 0.9)]
HIDDEN, WIDTH, TAPS, VECTOR, ROWS = 12, 8, 3, 4, 8192
DILATIONS = (1, 2, 4)


def arrays(features: int, tables: int, seed: int = 0, dilations: Sequence[int] = DILATIONS) -> dict[str, Array]:
    """The arrays of one net."""
    rng = np.random.default_rng(seed)

    def made(*shape: int) -> Array:
        return (rng.normal(size=shape) / np.sqrt(shape[0] if len(shape) > 1 else 4)).astype(np.float32)

    layers = {
        "first": (features + tables * VECTOR, HIDDEN),
        "second": (HIDDEN, WIDTH),
        **{f"convolution.{number}": (TAPS * WIDTH, WIDTH) for number in range(len(dilations))},
        "pool": (2 * WIDTH, WIDTH),
        "third": (WIDTH, WIDTH // 2),
        "last": (WIDTH // 2, 1),
    }
    found = {f"{name}.weight": made(*shape) for name, shape in layers.items()} | {
        f"{name}.bias": made(shape[1]) for name, shape in layers.items()
    }
    found |= {f"table.{number}": made(ROWS, VECTOR) for number in range(tables)}
    return {**found, "mean": made(features), "scale": np.abs(made(features)) + np.float32(0.1)}


def head(of: str, nets: int = 1, **changed: Any) -> Head:
    """The head of a file for an input."""
    said = {
        "format": FORMAT,
        "input": of,
        "features": [feature.name for feature in TABLES[of]],
        "tables": BAGS[of],
        "dilations": list(DILATIONS),
        "nets": nets,
        "knots": KNOTS,
        "curve": CURVE,
        "about": {"pages": 3},
        "arrays": [],
        "sha256": "",
    }
    return Head(**{**said, **changed})


def data(of: str, nets: int = 1, seed: int = 0, **changed: Any) -> bytes:
    """A whole file."""
    made = {f"{net}/{name}": array for net in range(nets) for name, array in arrays(len(TABLES[of]), BAGS[of], seed + net).items()}
    return dump(head(of, nets, **changed), made)


def written(folder: Path, seed: int = 0, **changed: Any) -> Path:
    """A folder with weights for both inputs."""
    folder.mkdir(parents=True, exist_ok=True)
    for of in TABLES:
        (folder / f"{of}.weights").write_bytes(data(of, seed=seed, **changed))
    return folder
