"""The model card: its figures, by hand."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the card names the recipe, which needs PyTorch; it comes with the extra `train`")

from curate.models.weights import Head  # noqa: E402
from curate.train.card import Held, card  # noqa: E402  # needs PyTorch
from curate.train.fit import Recipe  # noqa: E402

_SPEC = importlib.util.spec_from_file_location("made_weights", Path(__file__).parent.parent / "models" / "made_weights.py")
assert _SPEC
assert _SPEC.loader
made = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(made)


def held(labels: list[int], chars: list[int], probabilities: list[float], source: str = "quay", site: str = "oxney.example") -> Held:
    return Held(source, site, np.array(labels, dtype=np.int8), np.array(chars, dtype=np.int32), np.array(probabilities))


PAGES = (held([0, 1, 1, 2], [10, 100, 300, 50], [0.1, 0.35, 0.9, 0.2]), held([1, 0], [600, 40], [1.0, 0.5], site="thole.example"))
# At a loss of .05 the limit is .4: of 1,000 characters of content 100 are lost, of two paragraphs of chrome one is gone.
HEAD: Head = made.head("text", curve=[(0.0, 0.0), (0.05, 0.4), (0.5, 0.9)])


def rows(text: str, title: str) -> list[list[str]]:
    """The cells of the table under a heading, without its titles."""
    section = text.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_the_data_are_counted_by_set():
    other = held([1], [20], [0.8], source="bells")
    assert rows(card(HEAD, Recipe(), PAGES, []), "Data") == [["quay", "2", "2", "3", "2", "1"]]
    assert rows(card(HEAD, Recipe(), (*PAGES, other), []), "Data") == [
        ["bells", "1", "1", "1", "0", "0"],
        ["quay", "2", "2", "3", "2", "1"],
        ["all", "3", "2", "4", "2", "1"],
    ]


def test_what_it_reaches_is_what_it_reaches():
    found = rows(card(HEAD, Recipe(), PAGES, []), "What it reaches")
    assert [row[1] for row in found] == ["0.005", "0.01", "0.02", "0.03", "0.05"]
    by_chars, by_lines = 2 * 900 / (2 * 900 + 40 + 100), 2 * 2 / (2 * 2 + 1 + 1)
    assert found[-1] == ["quay", "0.05", "0.400", "0.1000", "0.5000", f"{by_chars:.4f}", f"{by_lines:.4f}"]
    assert found[0][2:5] == ["0.040", "0.0000", "0.0000"]


def test_probabilities_stand_beside_what_was_found():
    found = rows(card(HEAD, Recipe(), PAGES, []), "How sure it may be")
    assert found == [
        ["0.1", "0.2", "1", "0.100", "0.000"],
        ["0.3", "0.4", "1", "0.350", "1.000"],
        ["0.5", "0.6", "1", "0.500", "0.000"],
        ["0.9", "1.0", "2", "0.950", "1.000"],
    ]


def test_recipe_and_losses_are_named():
    text = card(HEAD, Recipe(epochs=7), PAGES, ["seed 0, epoch 1 of 7: loss 0.5000"])
    assert ["epochs", "7", "times that all pages are seen"] in rows(text, "Recipe")
    assert len(rows(text, "Recipe")) == len(Recipe.__dataclass_fields__)
    assert "- seed 0, epoch 1 of 7: loss 0.5000" in text
    assert text.startswith("# The page model for text without a DOM\n")
    assert card(made.head("html"), Recipe(), PAGES, []).startswith("# The page model for pages with a DOM\n")


def test_a_set_without_content_or_chrome_has_a_row_too():
    text = card(
        HEAD, Recipe(), (held([0], [10], [0.1], source="a"), held([1], [10], [0.9], source="b"), held([2], [10], [0.9], source="c")), []
    )
    assert len(rows(text, "What it reaches")) == 4 * 5
    assert "nan" not in text
