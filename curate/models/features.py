"""What a feature of the page model is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Dense = NDArray[np.float32]  # one row a paragraph, one column a feature


class Feature(NamedTuple):
    """One column of the dense features."""

    name: str
    what: str
    why: str


def log_of(values: NDArray[np.generic]) -> Dense:
    """The logarithm of one more."""
    logs: Dense = np.log1p(values, dtype=np.float32)
    return logs
