"""What we agreed on and would forget: steps document themselves, commands and fields stand in README, records too."""

import importlib
import inspect
import pkgutil
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

import msgspec
import pytest

from curate import cli
from curate.cli import dedup as cli_dedup
from curate.cli import index as cli_index
from curate.cli import model as cli_model
from curate.cli import rules as cli_rules
from curate.cli.commands import NOT_COMMANDS, purpose
from curate.cli.main import curate
from curate.config import Input, Output, presets
from curate.fields import describe
from curate.formats.limits import Limits
from curate.formats.record import Fields
from curate.formats.records import CleanRow, LedgerRow, PageRow, SourceRow
from curate.rules.format import Action, Case, Category, Evidence, Guard, Head, Override, Rule, Status, Where
from curate.rules.load import load
from curate.steps import class_name, kind, steps

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = sorted(module.name for module in pkgutil.iter_modules(cli.__path__) if module.name not in NOT_COMMANDS)


@pytest.mark.parametrize("name", steps())
def test_a_step_is_a_documented_frozen_dataclass_of_its_file_s_name(name: str):
    cls = steps()[name].load()
    assert cls.__name__ == class_name(name)
    assert cls.__dataclass_params__.frozen
    assert kind(cls)
    page = inspect.getmodule(cls).__doc__
    assert len(page) > 100, "the module's docstring is the step's page"
    assert len(page.splitlines()[0]) <= 140
    for field in describe(cls):
        assert field.description, f"{name}: {field.name} says nothing of itself"
        assert field.default, f"{name}: {field.name} has no default"


@pytest.mark.parametrize("name", steps())
def test_a_measure_has_one_limit(name: str):
    cls = steps()[name].load()
    names = {"at_most", "at_least"}
    limits = [name for name in names if name in {field.name for field in describe(cls)} or inspect.isfunction(getattr(cls, name, None))]
    assert kind(cls) != "measure" or len(limits) == 1


@pytest.mark.parametrize("cls", [Input, Output, Fields, Limits])
def test_settings_describe_themselves(cls: type):
    assert all(field.description for field in describe(cls) if field.name != "fields")


def test_every_command_is_in_the_readme_and_has_help():
    for name in COMMANDS:
        command = curate.get_command(None, name)
        assert command.help
        assert purpose(cli, name), f"the first line of cli/{name}.py says what the command is for after its name"
        assert f"curate {name}" in README, f"README does not show `curate {name}`"
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, f"{name} {option.opts}"


def test_every_step_and_preset_is_in_the_readme():
    for name in [*steps(), *presets()]:
        assert f"`{name}`" in README


@pytest.mark.parametrize("record", [CleanRow, LedgerRow, PageRow, SourceRow])
def test_every_field_of_a_record_is_in_the_readme(record: type[msgspec.Struct]):
    for name in record.__struct_fields__:
        assert f"`{name}`" in README, f"README does not explain {record.__name__}.{name}"


def test_every_make_target_is_in_the_readme():
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [target for target in targets if f"make {target}" not in README and target not in {"help", "setup"}] == []


def test_every_category_is_used_by_a_rule():
    used = {rule.category for file in load().files for rule in file.rules}
    assert set(get_args(Category)) == used


def test_every_key_of_a_rule_file_is_documented():
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for cls in (Head, Rule, Where, Guard, Evidence, Case, Override):
        for field in describe(cls):
            assert field.description or cls in {Case, Override, Rule}, f"{cls.__name__}.{field.name} says nothing of itself"
            assert re.search(rf"[`{{ ]{field.name.rstrip('_')}\b", page), f"docs/rules.md does not explain {cls.__name__}.{field.name}"
    for name in (*get_args(Category), *get_args(Action), *get_args(Status)):
        assert re.search(rf"\b{name}\b", page), name


@pytest.mark.parametrize(("name", "package"), [("dedup", cli_dedup), ("index", cli_index), ("model", cli_model), ("rules", cli_rules)])
def test_every_verb_of_a_group_is_in_the_readme_and_has_help(name: str, package: ModuleType):
    group = curate.get_command(None, name)
    for verb in group.list_commands(None):
        command = group.get_command(None, verb)
        assert command.help
        assert purpose(package, verb)
        assert f"curate {name} {verb}" in README, f"README does not show `curate {name} {verb}`"
        for option in command.params:
            if option.param_type_name == "option":
                assert option.help, f"{verb} {option.opts}"


def test_dependencies_are_used():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # The last one is imported by jusText.
    imported = {"google-re2": "re2", "beautifulsoup4": "bs4", "universal_pathlib": "upath", "lxml_html_clean": "justext"}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "curate").rglob("*.py"))
    for dependency in project["dependencies"]:
        name = re.split(r"[<>=]", dependency)[0]
        module = imported.get(name, name)
        assert re.search(rf"^\s*(import {module}\b|from {module}\b)", code, re.MULTILINE), f"nothing imports {name}"


def test_public_functions_have_types():
    for module in ("api", "pipeline", "document"):
        for name, function in inspect.getmembers(importlib.import_module(f"curate.{module}"), inspect.isfunction):
            if function.__module__ == f"curate.{module}" and not name.startswith("_"):
                assert "return" in get_type_hints(function)
