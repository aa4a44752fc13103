"""`curate rules diff`: what a change of rules takes from pages and gives back, as Markdown for a pull request."""

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from curate.cli.options import F, reading_options, settings
from curate.cli.progress import progress
from curate.cli.tables import console
from curate.config import Config
from curate.document import Document
from curate.errors import ConfigError, SurroundingsError, UsageError
from curate.filters.site_rules import Rules, SiteRules, present
from curate.formats.inputs import STDIN, File, find
from curate.formats.pages import Reading
from curate.pipeline import Pipeline, Placed
from curate.report.explain import visible
from curate.rules.library import made_of
from curate.rules.load import PACK_FILE, Packs, in_force, read_all
from curate.rules.match import Matching
from curate.run.plan import shards
from curate.run.shard import clean_pages
from curate.run.work import Watch
from curate.workbench.diff import SITE_RULES, Difference, code, compared, markdown

_WHOLE: Final = "generic"  # a rule folder with such a folder in it is a whole tree of rules
_MARKS: Final = (_WHOLE, "platform", "sites", PACK_FILE)  # what is in a rule folder


class Side(NamedTuple):
    """BASE or HEAD: what people call it, and the rule folder that it is."""

    said: str  # a path, or REVISION:FOLDER
    folder: Path
    commit: str = ""  # of a revision


def _without_rules(command: F) -> F:
    """The reading options but for --rules, in whose place BASE and HEAD stand."""
    command = reading_options(command)
    parameters = vars(command)["__click_params__"]
    parameters[:] = [parameter for parameter in parameters if parameter.name != "rules"]
    return command


@click.command()
@click.argument("base")
@click.argument("head")
@click.option(
    "--corpus", required=True, multiple=True, metavar="PAGES", help="Pages to compare on: file, folder or glob; may be given several times."
)
@click.option("--folder", default="rules", metavar="NAME", help="Rule folder in a git revision or working tree. [default: rules]")
@click.option(
    "--alone/--with-built-in",
    default=None,
    help="The folders by themselves, or before the built-in packs as --rules puts them. [default: alone if they have a folder generic]",
)
@_without_rules
@click.option("-o", "--out", default=None, metavar="FILE.md", type=click.Path(dir_okay=False), help="File to write; else standard output.")
@click.option("--examples", type=click.IntRange(min=0), default=5, metavar="N", help="Lines shown of each rule. [default: 5]")
@click.option(
    "--fail-on",
    type=click.Choice(["emptied", "change", "nothing"]),
    default="emptied",
    help="What gives exit code 1: a page newly emptied or failed, any change of a text, nothing. [default: emptied]",
)
@click.option(
    "--max-removed",
    type=click.FloatRange(0, 1),
    default=None,
    metavar="SHARE",
    help="Exit code 1 where more than this share of the characters that BASE keeps is newly removed.",
)
def command(base: str, head: str, out: str | None, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Compare what the rules of BASE and HEAD do to the same pages; each rule with what it removes now and what it gives back.

    BASE and HEAD are rule folders, or git revisions of the repository you stand in, of which the folder `rules` is taken.
    A folder that is a working tree (`.`) stands for the folder `rules` in it. Where both a folder and a revision have the
    name, it is the folder. Whole trees of rules, with a folder `generic` in them, are compared with each other and nothing
    else, so that the lines of a rule file that HEAD deletes are told as restored; other folders come before the built-in
    packs on both sides, as with --rules. For a pull request BASE is what `git merge-base main HEAD` answers.

    Exit code 1: a page is newly emptied (see --fail-on), or --max-removed is exceeded.
    """
    config, reading = settings({**options, "rules": ()})
    files = find(options["corpus"])
    if any(file.path == STDIN for file in files):
        raise UsageError("the pages are read twice, which standard input cannot be; name files with --corpus")
    if out and not Path(out).parent.is_dir():
        raise UsageError(f"cannot write {out!r}: there is no folder {str(Path(out).parent)!r}")
    with ExitStack() as stack:
        sides = [_side(given, options["folder"], stack) for given in (base, head)]
        alone = _alone(sides, options["alone"])
        packs = [_packs(side, config, alone=alone) for side in sides]
    found = _difference(packs, config, files, reading)
    what = _what(sides, options["config"] or options["preset"] or "page", alone=alone)
    text = "".join(f"{visible(line)}\n" for line in markdown(found, title="What the rules change", what=what, examples=options["examples"]))
    _write(text, out)
    return _exit_code(found, options["fail_on"], options["max_removed"])


def _side(given: str, folder: str, stack: ExitStack) -> Side:
    """The rule folder that BASE or HEAD names; one of a revision goes when the stack does."""
    path = Path(given)
    if path.is_dir():
        if (path / folder).is_dir() and not any((path / mark).exists() for mark in _MARKS):
            path /= folder
        return Side(str(path), path)
    if path.exists():
        raise UsageError(f"{given!r} is a file; BASE and HEAD are rule folders or git revisions")
    return _of_revision(given, folder, Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="curate-rules-"))))


def _of_revision(given: str, folder: str, into: Path) -> Side:
    neither = f"{given!r} is neither a folder nor a git revision"
    try:
        top = _git("rev-parse", "--show-toplevel").decode().rstrip("\n")
        commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{given}^{{commit}}").decode().strip()
    except FileNotFoundError:
        raise UsageError(f"{neither}: there is no git to ask") from None
    except subprocess.CalledProcessError as problem:
        said = (
            problem.stderr.decode(errors="replace").strip() or "the repository here does not know it (a shallow clone may have to fetch it)"
        )
        raise UsageError(f"{neither}: {said}") from None
    try:
        archive = _git("-C", top, "archive", "--format=zip", commit, "--", folder)
    except subprocess.CalledProcessError:
        raise UsageError(f"the revision {given!r} has no folder {folder!r} at its top; --folder names another") from None
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        packed.extractall(into)
    if not (into / folder).is_dir():
        raise UsageError(f"{folder!r} is no folder in the revision {given!r}; --folder names another")
    return Side(f"{given}:{folder}", into / folder, commit[:10])


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout  # noqa: S603, S607  # the user's own git


def _alone(sides: Sequence[Side], asked: bool | None) -> bool:  # noqa: FBT001  # None where the user does not say
    """Whether the two folders are compared by themselves, without the built-in packs behind them."""
    if asked is not None:
        return asked
    whole = [(side.folder / _WHOLE).is_dir() for side in sides]
    if len(set(whole)) > 1:
        tree, part = (side.said for side, _ in sorted(zip(sides, whole, strict=True), key=lambda pair: not pair[1]))
        raise UsageError(
            f"{tree!r} is a whole tree of rules (it has a folder {_WHOLE}) and {part!r} is not; say --alone to compare the two folders "
            "and nothing else, or --with-built-in to put each before the built-in packs"
        )
    return whole[0]


def _packs(side: Side, config: Config, *, alone: bool) -> Packs:
    """The rules of one side; a configuration's own folders come behind it where the built-in ones do."""
    named = [folder for entry in config.entries if entry.name == SITE_RULES for folder in entry.parameters.get("folders", ())]
    try:
        packs = read_all((side.folder,) if alone else in_force((side.folder, *named)))
    except ConfigError as problem:
        problems = [one._replace(path=one.path.replace(str(side.folder), side.said, 1)) for one in problem.problems]
        raise ConfigError(problems) from None
    if not any(side.folder.rglob("*.toml")):
        click.echo(f"{side.said!r} holds no rule files", err=True)
    return packs


def _pipelines(packs: Sequence[Packs], config: Config) -> list[Pipeline]:
    """The pipeline of a configuration, with the rules of each side."""
    names = [entry.name for entry in config.entries]
    if SITE_RULES not in names:
        raise UsageError("there is no site-rules step that would use the rules; choose another --preset or --config")
    place = names.index(SITE_RULES)
    step = SiteRules(**config.entries[place].parameters)
    off = present(step.without, {name: rule for side in packs for name, rule in made_of(side.files).ids.items()})
    others = [Config((entry,)).pipeline().steps[0] if at != place else None for at, entry in enumerate(config.entries)]
    return [Pipeline([placed or _placed(side, step.policies, off) for placed in others]) for side in packs]


def _placed(packs: Packs, policies: tuple[str, ...], off: tuple[str, ...]) -> Placed:
    return Placed(SITE_RULES, Rules(Matching(made_of(packs.files)), policies, off))


def _difference(packs: Sequence[Packs], config: Config, files: Sequence[File], reading: Reading) -> Difference:
    """What the rules of both sides make of every page."""
    base, head = packs
    found = Difference(compared(base.files, head.files))
    cleaned = [clean_pages(files, reading, pipeline) for pipeline in _pipelines(packs, config)]
    with progress(console(), quiet=False) as advance:
        watch = Watch(shards(files, reading, config.input.shard_bytes, whole=True), advance)
        for before, after in zip_longest(*cleaned):
            if before is None or after is None or _read(before) != _read(after):
                path = (before or after).source.path
                raise SurroundingsError(f"{path!r} changed while it was read, once for each side; run again when nothing writes to it")
            found.add(before, after)
            watch(after)
    return found


def _read(doc: Document) -> tuple[str, str]:
    """What both sides must have read alike."""
    return doc.doc, doc.source.sha256


def _what(sides: Sequence[Side], pipeline: str, *, alone: bool) -> str:
    behind = "the two rule folders and nothing else" if alone else "each rule folder before the built-in packs"
    base, head = (code(side.said) + f" ({side.commit})" * bool(side.commit) for side in sides)
    return f"{base} against {head}: {behind}, with the other steps of {code(pipeline)}."


def _write(text: str, out: str | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        Path(out).write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"cannot write {out!r}: {problem.strerror}") from None
    click.echo(f"wrote {out}", err=True)


def _exit_code(found: Difference, fail_on: str, max_removed: float | None) -> int:
    """1 where the user asked for it, with the reason on standard error."""
    reasons = []
    if fail_on == "emptied" and found.emptied:
        reasons.append(f"{len(found.emptied):,} newly emptied")
    if fail_on == "change" and (found.effects or found.emptied or found.filled):
        reasons.append("texts change")
    if max_removed is not None and found.taken_share > max_removed:
        reasons.append(f"{found.taken_share:.2%} of the characters are newly removed, and --max-removed allows {max_removed:.2%}")
    for reason in reasons:
        click.echo(f"exit code 1: {reason}", err=True)
    return 1 if reasons else 0
