"""The Python door: one page in, a cleaned document out, by the same pipeline that `curate clean` runs."""

from functools import lru_cache
from pathlib import Path

from curate.config import Config, load
from curate.document import Document
from curate.formats.pages import Reading, page_of
from curate.pipeline import Pipeline
from curate.text.codepoints import whole


@lru_cache(maxsize=8)
def _ready(preset: str | Path, changed: int) -> tuple[Config, Pipeline]:  # noqa: ARG001  # a file that has changed is read again
    config = load(preset)
    return config, config.pipeline()


def clean(page: str | bytes, url: str | None = None, preset: str | Path = "page") -> Document:
    """Clean one page: text or HTML, told by its first characters.

    `url` is the page's address, where it is known; `preset` names a preset or is a path to a configuration file.
    The result's `text` is what was kept, its `changes` what was removed and why. Raises PageError for a page that
    cannot be read and ConfigError for a configuration with problems.
    """
    path = Path(preset)
    config, pipeline = _ready(preset, path.stat().st_mtime_ns if path.is_file() else 0)
    return pipeline.run(_read(page, url, config, pipeline))


def read(page: str | bytes, url: str | None = None) -> Document:
    """Read one page without cleaning it, for a `Pipeline` of one's own; raises PageError for one that cannot be read."""
    return _read(page, url, Config(), Pipeline([]))


def _read(page: str | bytes, url: str | None, config: Config, pipeline: Pipeline) -> Document:
    if not isinstance(page, str | bytes):
        raise TypeError(f"a page is str or bytes, not {type(page).__name__}")
    data = whole(page).encode("utf-8") if isinstance(page, str) else page
    reading = Reading("auto", "url", config.input.fields, config.limits, url or "")
    return page_of(data, reading, selectors=pipeline.selectors)
