"""What a run across documents takes as the corpus grows: time, CPU, memory and disk, by stage.

`scale.py` generates so many documents, cleans them with the installed `curate` by the three corpus steps alone, and writes
what each run took to `scale.json` and, as tables, to `scale.md`. The Makefile has the command; docs/scale.md what came of it.
"""

import hashlib
import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click
import recall
from generate import World, write
from tables import markdown
from watch import size, watch

STEPS: Final = """\
[[step]]
name = "site-lines"
action = "drop"
[[step]]
name = "duplicate-documents"
[[step]]
name = "duplicate-paragraphs"
"""
_SAMPLE: Final = 50_000  # documents of which it is written down what was planted
_SMALL: Final = 10_000  # documents up to which a run is short, so that other work on the machine shows: it is repeated
_TIMES: Final = 3
_SPARE: Final = 12_000  # bytes of disk a document: the pages, what comes of them, and what lies between


@click.command()
@click.option("--documents", "sizes", default="1000,10000,100000", show_default=True, help="how many, with commas between")
@click.option("--workers", default="1,2", show_default=True, help="with how many workers, with commas between")
@click.option("-o", "to", type=click.Path(path_type=Path), default=Path("build/scale"), show_default=True)
def main(sizes: str, workers: str, to: Path) -> None:
    """Measure runs of all these sizes with all these numbers of workers."""
    try:
        _measure([int(size) for size in sizes.split(",")], [int(count) for count in workers.split(",")], to)
    except subprocess.CalledProcessError as failed:
        raise click.ClickException(f"{failed}\n{failed.output.decode('utf-8', 'replace')}") from None


def _measure(sizes: Sequence[int], workers: Sequence[int], to: Path) -> None:
    """Measure, and write down after each run what is known so far, with what earlier measurements have left in the folder."""
    to.mkdir(parents=True, exist_ok=True)
    path = to / "scale.json"
    rows: list[dict[str, Any]] = json.loads(path.read_bytes()) if path.is_file() else []
    for documents in sizes:
        for row in measured(documents, workers, to, _TIMES if documents <= _SMALL else 1):
            rows = [other for other in rows if (other["documents"], other["workers"]) != (row["documents"], row["workers"])]
            rows = sorted([*rows, row], key=lambda row: (row["workers"], row["documents"]))
            path.write_text(json.dumps(rows, indent=1) + "\n")
            (to / "scale.md").write_text(markdown(rows))
    click.echo(markdown(rows))


def measured(documents: int, workers: Sequence[int], to: Path, times: int = 1) -> Iterator[dict[str, Any]]:
    """What runs on so many documents take, the median of some times; their folders go when all is known, and the pages at last."""
    if shutil.disk_usage(to).free < documents * _SPARE:
        raise click.ClickException(f"{documents:,} documents take {documents * _SPARE / 1e9:.0f} GB of disk in {str(to)!r}")
    pages, planted, config = (to / name for name in ("pages.jsonl", "planted.jsonl", "scale.toml"))
    config.write_text(STEPS)
    write(World(documents), pages, planted, max(documents // _SAMPLE, 1))
    seen: set[str] = set()
    for count in workers:
        out = to / "out"
        row = {"documents": documents, "workers": count, "bytes": pages.stat().st_size}
        row |= sorted((_run(pages, config, count, out) for _ in range(times)), key=lambda run: run["whole"].cpu)[times // 2]
        paragraphs = recall.found(planted, out)
        yield {**row, "paragraphs": _paragraphs(out), "there": paragraphs.there, "gone": paragraphs.gone}
        seen.add(_content(out))
        shutil.rmtree(out)
        if len(seen) > 1:
            raise click.ClickException(f"{count} workers give other bytes than {workers[0]}")
    pages.unlink()


def _run(pages: Path, config: Path, workers: int, out: Path) -> dict[str, Any]:
    """Plan and clean; `Took` of each stage, and bytes."""
    shutil.rmtree(out, ignore_errors=True)
    curate = Path(sysconfig.get_path("scripts")) / "curate"
    work, log = out / ".curate", out.with_name("log.txt")
    settings = [pages, "-o", out, "--config", config]
    planned = watch([curate, "plan", *settings], log, out, out)
    took = watch([curate, "clean", *settings, "--workers", str(workers)], log, work / "clean", work / ".settle.partial")
    begin, end = took.looks[0].at, took.looks[-1].at
    ends = [_last(work.glob("clean/*/entry.json")), _last([work / "settle" / "entry.json"]), _last(work.glob("finish/*/entry.json"))]
    moments = [begin, took.begun, *ends, end]
    names = ("start", "clean", "settle", "finish", "publish")
    stages = {name: took.between(*pair) for name, pair in zip(names, pairwise(moments), strict=True)}
    return {
        "stages": {"plan": planned.between(planned.looks[0].at, planned.looks[-1].at), **stages},
        "whole": took.between(begin, end),
        "biggest": took.biggest,
        "private": max(look.private for look in took.looks),
        "scratch": max(look.scratch for look in took.looks),
        "out": size(out) - size(work),
        "work": size(work),
    }


def _last(paths: Iterator[Path] | Sequence[Path]) -> float:
    """When the last of some files was written."""
    return max(path.stat().st_mtime for path in paths)


def _paragraphs(out: Path) -> int:
    return int(json.loads((out / "run.json").read_bytes())["paragraphs"]["read"])


def _content(out: Path) -> str:
    """A hash of what a run has written, but for run.json, which says how long it took."""
    digest = hashlib.blake2b()
    for path in sorted(out.glob("*.jsonl")):
        with path.open("rb") as file:
            digest.update(f"{path.name} {hashlib.file_digest(file, 'blake2b').hexdigest()}\n".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
