"""The pairs that a run's duplicate steps found near, with the texts of both and what became of each."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from curate.document import document_of_lines
from curate.duplicates.table import Table, read
from curate.errors import UsageError
from curate.formats.records import CleanRow, LedgerRow
from curate.formats.rows import rows_of
from curate.places import Place
from curate.run.restore import Restored, finished_run, restored, text_of
from curate.text.codepoints import whole

KEPT: Final = "kept"
GONE: Final = "gone"
INDEXED: Final = "in the index"  # of an earlier run: its text is not here

_PAIRS: Final = ".curate/settle/*/pairs.table"


class Side(msgspec.Struct):
    """One of a pair: a paragraph, or a document by its first live one; `text` is as it was read."""

    doc: str
    paragraph: int
    id: str = ""
    path: str = ""
    url: str = ""
    text: str = ""
    state: str = INDEXED
    step: str = ""  # what took it out
    rule: str = ""


class Pair(msgspec.Struct):
    """Two that were found near by a step, by which rule and how near."""

    step: str
    rule: str
    whole: bool  # documents
    measure: float
    a: Side
    b: Side


class _Fate(NamedTuple):
    """What took a paragraph out; nothing for one that is kept."""

    step: str = ""
    rule: str = ""


_Where = tuple[str, int, bool]  # a document's key, a paragraph's number, whether an index holds it: a page there may have the same key


def pairs(out: Place) -> Iterator[Pair]:
    """Every pair of a finished run, by step, and in the order of its pages; raises UsageError where something of the run is missing."""
    level = finished_run(out)["config"]["output"]["ledger"]
    if level != "full":
        raise UsageError(
            f"{out} was written with --ledger {level}, which leaves out the texts that went; pairs need a run with --ledger full"
        )
    tables = {path.parent.name: read(path) for path in sorted(out.glob(_PAIRS))}
    if not tables:
        raise UsageError(
            f"no pairs are kept in {out / '.curate'}: the run had no step for duplicates, or the folder was deleted; run again"
        )
    wanted = {place for table in tables.values() for side in "ab" for place in _places(table, side)}
    sides = {place: Side(*place[:2]) for place in wanted}
    by_doc: dict[str, list[Side]] = {}
    for (doc, _, indexed), side in sides.items():
        if not indexed:
            by_doc.setdefault(doc, []).append(side)
    fates = _fates(out, by_doc)
    for page in restored(out):
        for side in by_doc.get(page.row.doc, ()):
            _tell(side, page, fates.get((side.doc, side.paragraph), _Fate()))
    for step, table in tables.items():
        rows = zip(_places(table, "a"), _places(table, "b"), table["rule"].tolist(), table["measure"].tolist(), strict=True)
        for one, other, rule, measure in rows:
            yield Pair(step, table["names"][rule].decode("ascii"), bool(table["whole"][0]), measure, sides[one], sides[other])


def _places(table: Table, side: str) -> Iterator[_Where]:
    columns = (table[f"{side}_{name}"].tolist() for name in ("doc", "paragraph", "indexed"))
    for doc, paragraph, indexed in zip(*columns, strict=True):
        yield doc.decode("ascii"), paragraph, indexed


def _tell(side: Side, page: Restored, fate: _Fate) -> None:
    """Write down what a page says of a paragraph of its own."""
    row = page.row
    side.id, side.path, side.url = row.id, row.source.path, row.url
    side.state, side.step, side.rule = GONE if fate.step else KEPT, fate.step, fate.rule
    if row.dom:
        side.text = page.data.decode("utf-8").split("\n\n")[side.paragraph]
    else:
        side.text = document_of_lines(whole(text_of(page))).text_of(side.paragraph)


def _fates(out: Place, wanted: dict[str, list[Side]]) -> dict[tuple[str, int], _Fate]:
    """What took out the paragraphs of some documents; those that are in the clean text are not in it."""
    fates: dict[tuple[str, int], _Fate] = {}
    for change in rows_of(out, "ledger", LedgerRow):
        if change.doc in wanted and change.text:
            fates[change.doc, change.paragraph] = _Fate(change.step, change.rule)
    for clean in rows_of(out, "clean", CleanRow):
        if clean.doc in wanted:
            for paragraph in clean.kept:
                fates.pop((clean.doc, paragraph), None)
    return fates
