"""Imports go one way: a module may import from its own layer's package and from the layers above it in this list."""

import ast
from pathlib import Path

import pytest

import curate

ROOT = Path(curate.__file__).parent
LAYERS = [
    {"errors", "version"},
    {"places", "text"},
    {"stores"},
    {"fields", "document"},
    {"rules", "formats", "models", "duplicates"},
    {"steps", "workbench"},
    {"tags", "edits", "filters", "corpus"},
    {"pipeline"},
    {"config", "presets"},
    {"run"},
    {"report", "train"},
    {"api"},
    {"cli"},
]
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
# Imports against the order, inside functions, each with its reason.
LATE = {("pipeline", "config")}  # Pipeline.from_config is where users look for it


def part(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imports(path: Path) -> list[str]:
    """The modules of curate that a file imports, wherever in the file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "curate" else [node.module]
    return [name for name in found if name == "curate" or name.startswith("curate.")]


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_go_downward_only(path: Path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert own in HEIGHT, f"{own} has no place in the layers"
    for module in imports(path):
        target = part(module)
        if (own, target) in LATE or target == own:
            continue
        assert HEIGHT[target] < HEIGHT[own], f"{path.relative_to(ROOT)} imports {module}, which stands in a layer above or beside it"


def test_every_folder_stands_in_the_layers():
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(HEIGHT)


def test_nothing_inside_takes_names_from_the_package_itself():
    for path in modules():
        names = [module for module in imports(path) if module == "curate" or (module.count(".") == 1 and part(module) in curate.__all__)]
        assert not names, f"{path} imports {names} from curate/__init__.py"


def test_importing_curate_imports_nothing_else():
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    imported = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imported] == ["from typing import TYPE_CHECKING"]
