"""The walk that README takes with somebody who writes a first rule: every command of it, in its order, in a folder with the samples."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
WALK = README[README.index("### A rule for a site you know") : README.index("## The page model")]


def commands() -> list[tuple[str, list[str]]]:
    """The commands of the walk, each with the lines that README shows of what it says."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```\n(.*?)^```", WALK, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ mkdir "):
                found.append((line.removeprefix("$ "), []))
            elif line.startswith("$ curate "):
                found.append((line.removeprefix("$ curate "), []))
            elif line != "…":
                found[-1][1].append(line)
    return found


def test_the_walk_has_every_verb():
    verbs = {command.split()[1] for command, _ in commands() if command.startswith("rules ")}
    assert verbs == {"new", "lint", "test", "try", "why", "stale", "suggest", "diff"}


def test_every_command_of_the_walk_does_what_readme_shows(curate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    monkeypatch.chdir(tmp_path)
    for command, shown in commands():
        if command.startswith("mkdir "):
            Path(command.removeprefix("mkdir ")).mkdir()
            continue
        ran = curate(*shlex.split(command))
        assert ran.code == 0, f"{command}: {ran.err}"
        said = " ".join((ran.out + ran.err).split())
        for line in shown:
            assert " ".join(line.split()) in said, f"{command} does not say: {line}"
    assert (tmp_path / "proposed" / "sites" / "w" / "wrackhampacket.example.toml").is_file()
