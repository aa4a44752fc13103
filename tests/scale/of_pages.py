"""What a page costs: to read in each form, in each step, and on disk."""

import json
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Final

import warcs
from generate import World
from units_table import Unit
from watch import Watched, size, watch

from curate.duplicates.table import read
from curate.formats.inputs import find
from curate.formats.pages import Reading, pages
from curate.pipeline import Pipeline

FORMS: Final = ("warc", "warc.gz", "html", "jsonl", "parquet")
_KINDS: Final = ("clean", "ledger", "pages")
_ROUNDS: Final = 20
_LEVELS: Final = ("full", "spans", "counts")


def reading(of: World, folder: Path) -> Iterator[Unit]:
    """Reading and parsing the same pages in each form; what they take on disk."""
    html = sum(len(warcs.html(page).encode()) for page in of.pages())
    yield Unit("HTML a page", html / of.documents, "bytes")
    for form in FORMS:
        path = folder / f"crawl.{form}"
        warcs.write(of, form, path)
        stored = size(path) if path.is_dir() else path.stat().st_size
        began = process_time()
        count = sum(document.outcome != "failed" for file in find([str(path)]) for document in pages(file, Reading()))
        seconds = process_time() - began
        assert count == of.documents, f"{form}: {count} of {of.documents} pages"
        yield Unit(f"{form}, read and parsed", seconds / count * 1e3, "ms of CPU a page")
        yield Unit(f"{form}, pages", count / seconds, "a CPU second")
        yield Unit(f"{form}, HTML", html / 1e6 / seconds, "MB a CPU second")
        yield Unit(f"{form}, stored", stored / count, "bytes a page")


def cleaning(crawl: Path, folder: Path) -> Iterator[Unit]:
    """A whole run with the preset `corpus` by one worker: CPU by stage and step, bytes by kind of row and level of ledger."""
    out = folder / "cleaned"
    watched = _clean(crawl, out, "full")
    run = json.loads((out / "run.json").read_bytes())
    count = run["documents"]["read"]
    yield from _stages(watched, out, count)
    for name, step in run["steps"].items():
        yield Unit(f"step {name}", step["cpu_seconds"] / count * 1e3, "ms of CPU a page")
    for name in ("read", "kept"):
        yield Unit(f"paragraphs {name}", run["paragraphs"][name] / count, "a page")
        yield Unit(f"characters {name}", run["chars"][name] / count, "a page")
    yield Unit("rows for the corpus steps", _rows(out) / count, "paragraphs a page")
    for kind in ("clean", "pages"):
        yield Unit(f"{kind} rows", _written(out, kind) / count, "bytes a page")
    yield from _ledgers(crawl, out, count)
    yield Unit("memory of the biggest process", watched.biggest / 1e6, "MB, mapped files with it")
    yield Unit("private memory", max(look.private for look in watched.looks) / 1e6, "MB")


def in_languages(samples: Path) -> Iterator[Unit]:
    """The step language on pages that are written in one: words that are invented are of none, and go to the slow arbiter."""
    pipeline = Pipeline.from_config("page")
    count = 0
    for _ in range(_ROUNDS):
        for document in (document for file in find([str(samples)]) for document in pages(file, Reading())):
            pipeline.run(document)
            count += 1
    yield Unit("step language, on pages that are in one", pipeline.counts["language"].cpu_seconds / count * 1e3, "ms of CPU a page")


def _clean(crawl: Path, out: Path, ledger: str, *more: str) -> Watched:
    curate = Path(sysconfig.get_path("scripts")) / "curate"
    command = [curate, "clean", crawl, "-o", out, "--config", "corpus", "--workers", "1", "--quiet", "--ledger", ledger, *more]
    return watch(command, out.with_suffix(".log"), out / ".curate" / "clean", out / ".curate" / "settle")


def _stages(watched: Watched, out: Path, count: int) -> Iterator[Unit]:
    """CPU by stage: each ends with the last of its entries; and what they leave on disk."""
    work, begin = out / ".curate", watched.begun
    yield Unit("start of the command", watched.between(watched.looks[0].at, begin).cpu, "s of CPU a run")
    for stage, pattern in (("clean", "clean/*/entry.json"), ("settle", "settle/entry.json"), ("finish", "finish/*/entry.json")):
        end = max(path.stat().st_mtime for path in work.glob(pattern))
        yield Unit(f"stage {stage}", watched.between(begin, end).cpu / count * 1e3, "ms of CPU a page")
        begin = end
    left = [path for path in work.glob("clean/*/*/*") if path.is_file()]
    documents = sum(path.stat().st_size for path in left if path.name == "documents.zst")
    yield Unit(".curate, documents put by", documents / count, "bytes a page")
    yield Unit(".curate, tables", (sum(path.stat().st_size for path in left) - documents) / count, "bytes a page")
    piece = len(list(work.glob("clean/00000/0000/*")))
    yield Unit("files of a piece", piece + 1, "files, with its table of drops")
    shard = [path for stage in ("clean", "finish") for path in (work / stage / "00000").rglob("*") if path.is_file()]
    yield Unit("files of a shard besides", len(shard) - piece + len(_KINDS), "files, those of rows twice, by hard links")


def _rows(out: Path) -> int:
    return sum(len(read(path)["paragraph"]) for path in (out / ".curate").glob("clean/*/*/documents.table"))


def _written(out: Path, kind: str) -> int:
    return sum(path.stat().st_size for path in out.glob(f"{kind}-*"))


def _ledgers(crawl: Path, out: Path, count: int) -> Iterator[Unit]:
    """The ledger at each level, as it is and compressed. Only the last stage is done again, and that is what writing costs."""
    for level in _LEVELS:
        for packed in ((), ("--compress", "zst")):
            _clean(crawl, out, level, *packed)
            name = f"ledger {level}{', zst' if packed else ''}"
            yield Unit(name, _written(out, "ledger") / count, "bytes a page")
