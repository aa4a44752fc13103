"""What memory one process takes to clean a file that is one shard, as the file grows.

    python tests/scale/flat.py --form warc --bytes 2e7,2e8,2e9

Of the forms of `warcs.py`, and `text.zst`: the documents of `generate.py` as compressed JSON lines, which hold nothing but text, so
that there is much more of it to settle. One row a size, as Markdown.
"""

import json
import shutil
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import click
import warcs
import zstandard
from generate import World
from watch import Watched, watch

TEXT: Final = "text.zst"
_HEAD: Final = (
    "| input | MB | MB stored | pieces | biggest process, MB | private, MB: clean | settle | finish |\n|---|---|---|---|---|---|---|---|"
)
_BYTES: Final = 1_550  # of a document as JSON, about
_STAGES: Final = ("clean", "settle", "finish")


class Peak(NamedTuple):
    """What a run over a file took."""

    pieces: int
    biggest: int  # bytes, pages of mapped files with them
    private: dict[str, int]  # bytes by stage, without


@click.command()
@click.option("--form", type=click.Choice([*warcs.FORMS, TEXT]), default="warc", show_default=True)
@click.option("--bytes", "sizes", default="2e7,2e8", show_default=True, help="of the file, uncompressed; with commas between")
@click.option("--config", default="corpus", show_default=True, help="a preset or a file")
@click.option("-o", "to", type=click.Path(path_type=Path), default=Path("build/flat"), show_default=True)
def main(form: str, sizes: str, config: str, to: Path) -> None:
    """Measure files of all these sizes."""
    to.mkdir(parents=True, exist_ok=True)
    click.echo(_HEAD)
    for size in map(float, sizes.split(",")):
        path = to / f"crawl.{form if form != TEXT else 'jsonl.zst'}"
        read = write(path, form, size)
        peak = measured(path, config, to / "out")
        stages = " | ".join(f"{peak.private[stage] / 1e6:.0f}" for stage in _STAGES)
        stored = path.stat().st_size / 1e6
        click.echo(f"| {form} | {read / 1e6:,.0f} | {stored:,.0f} | {peak.pieces} | {peak.biggest / 1e6:.0f} | {stages} |")
        path.unlink()


def write(path: Path, form: str, size: float) -> int:
    """A file of about so many bytes; returns how many there are, uncompressed."""
    if form != TEXT:
        warcs.write(warcs.world(size, 1), form, path)
        return int(size)
    read = 0
    with path.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packed:
        for page in World(max(int(size) // _BYTES, 10)).pages():
            line = json.dumps({"id": str(page.number), "url": page.url, "date": page.date, "text": page.text}).encode() + b"\n"
            packed.write(line)
            read += len(line)
    return read


def measured(path: Path, config: str, out: Path) -> Peak:
    """Clean a file by one process into a new folder."""
    shutil.rmtree(out, ignore_errors=True)
    curate, work = Path(sysconfig.get_path("scripts")) / "curate", out / ".curate"
    command = [curate, "clean", path, "-o", out, "--config", config, "--workers", "1", "--quiet"]
    watched = watch(command, out.with_suffix(".log"), work / "clean", work / "settle")
    return Peak(len(list(work.glob("clean/*/*/documents.table"))), watched.biggest, dict(_private(watched, work)))


def _private(watched: Watched, work: Path) -> Iterator[tuple[str, int]]:
    """The most that was seen in each stage; 0 for one that is not there, or was over between two looks."""
    begin = watched.begun
    for stage, pattern in zip(_STAGES, ("clean/*/entry.json", "settle/entry.json", "finish/*/entry.json"), strict=True):
        end = max((path.stat().st_mtime for path in work.glob(pattern)), default=begin)
        yield stage, max((look.private for look in watched.looks if begin <= look.at <= end), default=0)
        begin = end


if __name__ == "__main__":
    main()
