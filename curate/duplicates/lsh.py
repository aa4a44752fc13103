"""An index for datasketch: the signatures of its paragraphs as MinHashes, in a `MinHashLSH` in memory or in Redis."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from datasketch import LeanMinHash, MinHashLSH

from curate.duplicates.index import Index, Segment
from curate.duplicates.sketch import Shingled, gather
from curate.text.minhash import SEED, signatures

_BLOCK: Final = 4096  # paragraphs that are signed at a time


def minhashes(index: Index) -> Iterator[tuple[str, LeanMinHash]]:
    """The MinHash of every paragraph that has shingles, under the key `segment:doc:paragraph`.

    The number of the segment is part of the key because a page that is crawled again may have the `doc` it had. Signatures
    are made anew of the shingles that the index keeps.
    """
    sketcher = index.sketcher()
    for segment in index.contents():
        yield from _of_segment(segment, sketcher)


def lsh(index: Index, storage_config: dict[str, Any] | None = None) -> MinHashLSH:
    """A `MinHashLSH` with the bands of the index, filled from it; `storage_config` is datasketch's.

    A MinHash to query it with takes a paragraph's shingles as they are: `MinHash(num_perm, scheme="affine32",
    hashfunc=lambda shingle: shingle)`.
    """
    sketcher = index.sketcher()
    filled = MinHashLSH(num_perm=sketcher.bands * sketcher.rows, params=(sketcher.bands, sketcher.rows), storage_config=storage_config)
    with filled.insertion_session() as session:
        for key, minhash in minhashes(index):
            session.insert(key, minhash)
    return filled


def _of_segment(segment: Segment, sketcher: Shingled) -> Iterator[tuple[str, LeanMinHash]]:
    documents, table = segment.sketched.documents, segment.sketched.table(sketcher.name)
    shingled = np.flatnonzero(np.diff(table["at"]))
    for start in range(0, len(shingled), _BLOCK):
        rows = shingled[start : start + _BLOCK]
        docs = documents["doc"][np.searchsorted(documents["first"], rows, "right") - 1]
        names = zip(docs.tolist(), documents["paragraph"][rows].tolist(), strict=True)
        signed = signatures(*gather(table["at"], table["shingles"], rows), sketcher.bands * sketcher.rows)
        for (doc, paragraph), values in zip(names, signed, strict=True):
            yield f"{segment.number}:{doc.decode('ascii')}:{paragraph}", LeanMinHash(seed=SEED, hashvalues=values, scheme="affine32")
