"""What the result of a stage depends on, as one hash a stage: where it is the same, nothing has to be done again."""

import hashlib
import inspect
import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, cast

from curate.config import Entry as Configured
from curate.pipeline import Pipeline, Placed
from curate.places import Place
from curate.run.job import Job
from curate.run.plan import Shard
from curate.run.stages import Entry, fingerprint
from curate.steps import Across, kind
from curate.version import __version__

# The packages whose version can change what a run keeps.
DECISIVE: Final = ("ahocorasick_rs", "beautifulsoup4", "ftfy", "google-re2", "justext", "langdetect", "numpy", "pycld2", "selectolax")
EXTRAS: Final = ("fastwarc", "pyarrow")  # likewise, where they are installed
_PACKAGE: Final = Path(__file__).parent.parent
_ABOVE: Final = frozenset({"api.py", "cli", "report", "train"})  # what stands above a run in the layers has no say in its rows
_ELSEWHERE: Final = frozenset({"folders", "weights"})  # parameters that are places: what lies there has hashes of its own


class Identities:
    """The identities of the stages of one run."""

    def __init__(self, job: Job, pipeline: Pipeline) -> None:
        self._final = [pipeline.identity, asdict(job.config.output)]  # both go into rows
        steps = list(zip(job.config.entries, pipeline.steps, strict=True))
        code = [_code(), _foreign(pipeline)]
        self.program = digest(code)  # has to be one for all shards of a run
        cleaning = [_cleans(entry, placed) for entry, placed in steps]
        final = [] if pipeline.across else self._final
        self._cleaning = digest([code, cleaning, pipeline.weights_version, asdict(job.reading), job.limit, final])
        self._settling = digest([code, [_parameters(entry) for entry, placed in steps if kind(placed.step) == "corpus"]])

    def clean(self, shard: Shard) -> str:
        """Of a cleaned shard, but for the rules: which of them it can feel is asked apart (`rules.touched`)."""
        return digest([self._cleaning, [part.identity for part in shard.parts]])

    def settle(self, cleaned: Sequence[tuple[Shard, Entry]], segments: Sequence[Place]) -> str:
        """Of what is settled over the cleaned shards and the segments of an index, whose names say what is in them."""
        return digest([self._settling, [(shard.number, entry.result) for shard, entry in cleaned], [path.name for path in segments]])

    def finish(self, cleaned: Entry, settled: Sequence[str], *, indexed: bool) -> str:
        """Of a finished shard: by what its cleaning left, under which rules, and by the hashes of what was settled of it."""
        return digest([self._final, cleaned.identity, cleaned.result, cleaned.done.under.files, settled, indexed])


def digest(content: Any) -> str:  # noqa: ANN401  # whatever JSON can hold
    """A hash of it. The standard library's JSON: paths may hold bytes that are no UTF-8, which msgspec refuses."""
    return hashlib.blake2b(json.dumps(content, sort_keys=True).encode("ascii"), digest_size=16).hexdigest()


def versions() -> dict[str, str]:
    """The versions of the packages that decide."""
    found = {name: version(name) for name in DECISIVE}
    for name in EXTRAS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def _parameters(entry: Configured) -> list[Any]:
    return [entry.name, {name: value for name, value in entry.parameters.items() if name not in _ELSEWHERE}, entry.store]


def _cleans(entry: Configured, placed: Placed) -> list[Any]:
    """What cleaning a document depends on of a step: of one across documents only what is written down for it."""
    return [repr(cast("Across", placed.step).sketcher)] if kind(placed.step) == "corpus" else _parameters(entry)


@cache
def program() -> str:
    """A hash of the program that runs here, which has to be one on all machines."""
    return digest(_code())


def called() -> str:
    """What a message calls it."""
    return f"curate {__version__} on Python {platform.python_version()}"


@cache
def _code() -> list[Any]:
    """The program: its version, its source, what it stands on."""
    sources = sorted(path for path in _PACKAGE.rglob("*.py") if path.relative_to(_PACKAGE).parts[0] not in _ABOVE)
    return [__version__, platform.python_version(), versions(), [[str(path.relative_to(_PACKAGE)), fingerprint(path)] for path in sources]]


def _foreign(pipeline: Pipeline) -> list[str]:
    """The source of steps that other packages bring."""
    classes = [type(placed.step) for placed in pipeline.steps]
    return [fingerprint(Path(inspect.getfile(cls))) for cls in classes if not cls.__module__.startswith("curate.")]
