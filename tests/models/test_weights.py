"""The file of weights: what is written can be read, and whatever is wrong with a file is told."""

import importlib.util
import json
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.errors import UsageError
from curate.models.page import BAGS, TABLES, model
from curate.models.weights import BUILT_IN, Model, dump, load, parse, path_of

_SPEC = importlib.util.spec_from_file_location("made_weights", Path(__file__).parent / "made_weights.py")
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)

steady = settings(deadline=None, derandomize=True, max_examples=60)


def with_curve(curve: list[tuple[float, float]]) -> Model:
    return Model(made.head("text", curve=curve), (), None, "")


@pytest.mark.parametrize("of", TABLES)
def test_what_is_written_is_read(of: str):
    arrays = made.arrays(len(TABLES[of]), BAGS[of], seed=1)
    data = dump(made.head(of), {f"0/{name}": array for name, array in arrays.items()})
    found = parse(data, "here", of)
    assert len(found.nets) == 1
    net = found.nets[0]
    assert arrays["first.weight"].size > 512 > arrays["convolution.2.weight"].size
    assert np.array_equal(net.first.weight, arrays["first.weight"].astype(np.float16).astype(np.float32)), "a large one in half its digits"
    assert np.array_equal(net.convolutions[2].weight, arrays["convolution.2.weight"]), "a small one as it is"
    assert np.array_equal(net.first.bias, arrays["first.bias"])
    assert [convolution.dilation for convolution in net.convolutions] == list(made.DILATIONS)
    assert [table.shape for table in net.tables] == [(made.ROWS, made.VECTOR)] * BAGS[of]
    assert found.odds is None
    assert all(array.dtype == np.float32 for array in (*net.tables, *net.first, *net.last, net.mean))
    assert found.head.about == {"pages": 3}
    assert found.head.knots == made.KNOTS


def test_learned_odds_are_kept_beside_the_nets():
    nets = {f"0/{name}": array for name, array in made.arrays(len(TABLES["html"]), BAGS["html"]).items()}
    names, words = np.arange(600, dtype=np.float32) / 8, np.arange(3, dtype=np.float32)
    found = parse(dump(made.head("html"), {**nets, "odds/names": names, "odds/words": words}), "here", "html")
    assert found.odds.names.tolist() == names.tolist()
    assert found.odds.words.tolist() == words.tolist()


def test_several_nets_are_kept_apart():
    found = parse(made.data("text", nets=11), "here", "text")
    for number, net in enumerate(found.nets):
        assert np.array_equal(net.mean, made.arrays(len(TABLES["text"]), 1, seed=number)["mean"]), f"net {number}"


def test_the_same_model_is_the_same_bytes_and_has_a_version_of_its_own():
    assert made.data("text") == made.data("text")
    versions = {parse(made.data("text", seed=seed), "here", "text").version for seed in range(3)}
    versions.add(parse(made.data("text", curve=[(0.0, 0.0), (0.5, 0.8)]), "here", "text").version)
    assert len(versions) == 4, "another curve is another version, too"
    assert all(len(version) == 12 for version in versions)


def test_the_first_line_can_be_read_by_anybody():
    first, _, payload = made.data("text").partition(b"\n")
    said = json.loads(first)
    assert said["features"][0] == "chars"
    assert [array["name"] for array in said["arrays"]] == sorted(array["name"] for array in said["arrays"])
    sizes = {"float16": 2, "float32": 4}
    assert len(payload) == sum(int(np.prod(array["shape"])) * sizes[array["dtype"]] for array in said["arrays"])


# What can be wrong with a file.


def test_a_damaged_byte_is_found_wherever_it_is():
    data = made.data("text")
    behind = data.index(b"\n") + 1
    for place in (behind, (behind + len(data)) // 2, len(data) - 1):
        broken = bytearray(data)
        broken[place] ^= 1
        with pytest.raises(UsageError, match=r"'w/text\.weights' is damaged.*copy or train it again"):
            parse(bytes(broken), "w/text.weights", "text")


@pytest.mark.parametrize("cut", [1, 1000])
def test_a_file_that_was_cut_off_is_damaged(cut: int):
    with pytest.raises(UsageError, match="is damaged"):
        parse(made.data("text")[:-cut], "here", "text")


@pytest.mark.parametrize("data", [b"", b"\n", b"PK\x03\x04", b"{}\n", b"[1]\nxx", b"\xff\xfe\n", b'{"format": "one"}\n'])
def test_another_file_is_no_file_of_weights(data: bytes):
    with pytest.raises(UsageError, match="'here' is no file of weights"):
        parse(data, "here", "text")


def test_weights_for_the_other_input_are_refused():
    with pytest.raises(UsageError, match="holds weights for html in format 1; wanted are those for text in format 1"):
        parse(made.data("html"), "here", "text")


def test_another_format_is_refused():
    with pytest.raises(UsageError, match="holds weights for text in format 2; wanted are those for text in format 1"):
        parse(made.data("text", format=2), "here", "text")


def test_a_missing_file_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(UsageError, match=r"text\.weights' cannot be read: No such file or directory; `curate model train` writes them"):
        load(str(tmp_path), "text")


def test_a_folder_in_its_place_is_told_too(tmp_path: Path):
    (tmp_path / "text.weights").mkdir()
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load(str(tmp_path), "text")


@pytest.mark.parametrize(
    "changed",
    [
        {"features": [feature.name for feature in TABLES["text"]][:-1]},
        {"features": [feature.name for feature in reversed(TABLES["text"])]},
        {"tables": 2},
    ],
    ids=["a feature less", "in another order", "another number of tables"],
)
def test_features_of_another_version_are_refused(tmp_path: Path, changed: dict[str, object]):
    arrays = {f"0/{name}": array for name, array in made.arrays(len(TABLES["text"]), 2).items()}
    (tmp_path / "text.weights").write_bytes(dump(made.head("text", **changed), arrays))
    with pytest.raises(
        UsageError, match=r"text\.weights' was trained for the features of another version; train it again: `curate model train`"
    ):
        model(str(tmp_path), "text")


def test_the_built_in_ones_stand_beside_the_code():
    assert path_of("", "html") == BUILT_IN / "html.weights"
    assert path_of("mine", "text") == Path("mine/text.weights")


# The dial.


LIMITS = {
    "nothing may be lost, nothing is dropped": (0, 0),
    "a point of the curve": (0.1, 0.6),
    "half way between two": (0.055, 0.4),
    "before the first that was measured": (0.005, 0.1),
    "the last": (0.5, 0.9),
}


@pytest.mark.parametrize(("max_loss", "limit"), LIMITS.values(), ids=LIMITS)
def test_limits(max_loss: float, limit: float):
    assert with_curve(made.CURVE).limit(max_loss) == limit


@steady
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0, 0.5), st.floats(0, 0.5))
@example([0.0], 0.0, 0.5)
def test_who_may_lose_more_has_no_lower_limit(limits: list[float], one: float, other: float):
    curve = [(0.0, 0.0), *((0.5 * (number + 1) / len(limits), limit) for number, limit in enumerate(sorted(limits)))]
    assert with_curve(curve).limit(min(one, other)) <= with_curve(curve).limit(max(one, other))
    assert with_curve(curve).limit(0) == 0


def test_a_limit_has_six_decimals_as_measures_have():
    assert with_curve([(0.0, 0.0), (0.3, 0.1)]).limit(0.1) == 0.033333


def test_the_curve_of_a_file_ascends():
    head = msgspec.json.decode(made.data("text").partition(b"\n")[0], type=type(made.head("text")))
    assert all(left < right for left, right in pairwise(head.curve))


def test_a_folder_with_one_of_the_models_leaves_the_other_kind_of_pages_to_the_built_in_one(tmp_path: Path):
    (tmp_path / "text.weights").write_bytes(made.data("text"))
    assert path_of(str(tmp_path), "text") == tmp_path / "text.weights"
    assert path_of(str(tmp_path), "html") == BUILT_IN / "html.weights"
    assert path_of("", "html") == BUILT_IN / "html.weights"
