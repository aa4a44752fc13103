"""run.json: what a run was asked for, what it ran with, what it counted."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from curate.config import Config
from curate.formats.inputs import written
from curate.formats.records import SCHEMA
from curate.pipeline import Pipeline
from curate.places import shown
from curate.run.counts import Counts
from curate.run.identity import versions
from curate.version import __version__


def record(config: Config, pipeline: Pipeline, inputs: Sequence[str], counts: Counts) -> dict[str, Any]:
    """The content of run.json."""
    return {
        "schema": SCHEMA,
        "curate": __version__,
        "python": platform.python_version(),
        "packages": versions(),
        "pipeline": pipeline.identity,
        "rules": pipeline.rules_version,
        "rule_packs": dict(pipeline.pack_versions),
        "weights": pipeline.weights_version,
        "inputs": [shown(written(name)) for name in inputs],  # signed addresses without what they are signed with
        "config": {
            "step": [{"name": name, **parameters, "store": store} for name, parameters, store in config.entries],
            "input": asdict(config.input),
            "limits": asdict(config.limits),
            "output": asdict(config.output),
        },
        **counts.as_json(pipeline),
    }
