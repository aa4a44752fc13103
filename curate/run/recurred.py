"""What `site-lines` has found in a finished run: the lines that recur on a host, by their keys, and which pages are the host's."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec
import numpy as np

from curate.corpus.site_lines import CANDIDATES, Recurring
from curate.duplicates.corpus import DOCUMENTS, Sketched
from curate.duplicates.documents import string
from curate.errors import UsageError
from curate.formats.inputs import WORK
from curate.places import Place, shown
from curate.run.job import CLEAN, SETTLE
from curate.stores.objects import reached

STEP: Final = "site-lines"


class Recurred(NamedTuple):
    """The lines by host, and the hosts of pages by the pages' keys; pages of other hosts are not listed."""

    keys: Mapping[str, frozenset[int]]
    hosts: Mapping[str, str]


def recurred(out: Place) -> Recurred:
    """Read it from what a run keeps beside its output; raises UsageError where there is nothing of the kind."""
    path = out / WORK / SETTLE / STEP / CANDIDATES
    with reached("reading", out):
        there = path.exists()
        lines = path.read_bytes().splitlines() if there else []
    if not there:
        raise UsageError(
            f"{shown(str(path))!r} is not there: the run had no step {STEP}, or its folder {WORK} was deleted; "
            "run `curate clean` with that step"
        )
    keys: defaultdict[str, set[int]] = defaultdict(set)
    for line in lines:
        found = msgspec.json.decode(line, type=Recurring)
        keys[found.host].add(int(found.key, 16))
    hosts = {}
    for path in sorted((out / WORK / CLEAN).glob(f"*/*/{DOCUMENTS}.table")) if keys else ():  # a folder a piece of a shard
        documents = Sketched(path.parent).documents
        for number in np.flatnonzero(np.diff(documents["host_at"])).tolist():
            host = string(documents, "host", number)
            if host in keys:
                hosts[documents["doc"][number].decode("ascii")] = host
    return Recurred({host: frozenset(found) for host, found in keys.items()}, hosts)
