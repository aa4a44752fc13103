"""The file that a trained model is kept in: a line of JSON, then the arrays one after the other. No pickle, no code.

The line says what the arrays are, what features they were trained for, how log odds become probabilities, and which limit
on the probability costs which share of the content; it has the SHA-256 of what follows it.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from curate.errors import UsageError
from curate.models.net import Array, Net, net_of
from curate.models.odds import Odds

FORMAT: Final = 1
BUILT_IN: Final = Path(__file__).parent
INPUTS: Final = ("text", "html")  # a model for pages without a DOM, one for pages with one
_SMALL: Final = 512  # numbers
_DTYPES: Final[dict[str, np.dtype[Any]]] = {"float16": np.dtype("<f2"), "float32": np.dtype("<f4")}


class Shape(msgspec.Struct, frozen=True):
    """An array in the file."""

    name: str
    dtype: str
    shape: list[int]


class Head(msgspec.Struct, frozen=True):
    """The first line of the file."""

    format: int
    input: str
    features: list[str]  # the names of the dense features, in order
    tables: int  # kinds of bags
    dilations: list[int]
    nets: int  # whose log odds are averaged
    knots: list[tuple[float, float]]  # log odds → calibrated log odds, both ascending
    curve: list[tuple[float, float]]  # share of content lost → limit on the probability, both ascending
    about: dict[str, Any]  # what the model card says
    arrays: list[Shape]
    sha256: str


class Model(msgspec.Struct, frozen=True):
    """A model at hand."""

    head: Head
    nets: tuple[Net, ...]
    odds: Odds | None  # None where the model has no learned odds
    version: str  # of the file: the start of its hash

    def limit(self, max_loss: float) -> float:
        """The limit on the probability at which that share of the content is lost, by the curve measured in training."""
        losses, limits = zip(*self.head.curve, strict=True)
        return round(float(np.interp(max_loss, losses, limits)), 6)


def path_of(folder: str, of: str) -> Path:
    """The file of a model in a folder; the one that comes with curate where none is named, or where that one has another model only."""
    there = [other for other in INPUTS if folder and (Path(folder) / f"{other}.weights").is_file()]
    return (BUILT_IN if not folder or (there and of not in there) else Path(folder)) / f"{of}.weights"


def load(folder: str, of: str) -> Model:
    """The model for an input. Raises UsageError for a file that is missing, damaged or of another version."""
    path = path_of(folder, of)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise UsageError(f"the weights {str(path)!r} cannot be read: {problem.strerror}; `curate model train` writes them") from None
    return parse(data, str(path), of)


def parse(data: bytes, name: str, of: str) -> Model:
    """A model from the bytes of its file; see `load`."""
    line, _, payload = data.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=Head)
    except msgspec.MsgspecError as problem:
        raise UsageError(f"{name!r} is no file of weights: {problem}") from None
    if head.format != FORMAT or head.input != of:
        raise UsageError(f"{name!r} holds weights for {head.input} in format {head.format}; wanted are those for {of} in format {FORMAT}")
    if hashlib.sha256(payload).hexdigest() != head.sha256:
        raise UsageError(f"{name!r} is damaged: its hash is not the one it states; copy or train it again")
    try:
        return _model(head, payload, hashlib.sha256(data).hexdigest()[:12])
    except (KeyError, ValueError) as problem:
        raise UsageError(f"{name!r} does not hold what its first line says: {problem!r}; copy or train it again") from None


def _model(head: Head, payload: bytes, version: str) -> Model:
    arrays: dict[str, Array] = {}
    at = 0
    for shape in head.arrays:
        dtype = _DTYPES[shape.dtype]
        count = int(np.prod(shape.shape, dtype=np.int64))
        arrays[shape.name] = np.frombuffer(payload, dtype, count, at).reshape(shape.shape).astype(np.float32)
        at += count * dtype.itemsize
    nets = tuple(
        net_of({key.partition("/")[2]: value for key, value in arrays.items() if key.startswith(f"{net}/")}, head.dilations, head.tables)
        for net in range(head.nets)
    )
    odds = Odds(arrays["odds/names"], arrays["odds/words"]) if "odds/names" in arrays else None
    return Model(head, nets, odds, version)


def dump(head: Head, arrays: dict[str, Array]) -> bytes:
    """The file of a model: `head` with the arrays, by name, whose layout and hash it is given here.

    Large arrays are kept in float16, half of whose digits no decision needs; the small ones, biases among them, in float32.
    """
    kept = {name: array.astype(_DTYPES["float16" if array.size > _SMALL else "float32"]) for name, array in sorted(arrays.items())}
    payload = b"".join(array.tobytes() for array in kept.values())
    shapes = [Shape(name, "float16" if array.size > _SMALL else "float32", list(array.shape)) for name, array in kept.items()]
    whole = msgspec.structs.replace(head, arrays=shapes, sha256=hashlib.sha256(payload).hexdigest())
    return msgspec.json.encode(whole) + b"\n" + payload
