"""The Python door: one page in, a cleaned document out, by the same pipeline that `curate clean` runs."""

from functools import lru_cache
from pathlib import Path

from curate.config import Config, load
from curate.document import Document
from curate.formats.pages import Reading, page_of
from curate.pipeline import Pipeline
from curate.text.codepoints import whole


@lru_cache(maxsize=8)
def _ready(preset: str | Path, changed: int) -> tuple[Config, Pipeline]:  # noqa: ARG001  # a configuration that has changed is read again; rule files are read once
    config = load(preset)
    return config, config.pipeline()


def clean(page: str | bytes, url: str | None = None, preset: str | Path = "page") -> Document:
    """Clean one page: text or HTML, told by its first characters.

    `url` is the page's address, where it is known; `preset` names a preset or is a path to a configuration file. Steps
    across documents are passed over: one page has nothing to repeat.
    The result's `text` is what was kept, its `changes` what was removed and why. Raises PageError for a page that
    cannot be read and ConfigError for a configuration with problems.
    """
    config, pipeline = _configured(preset)
    return pipeline.run(_read(page, url, config, pipeline))


def read(page: str | bytes, url: str | None = None, preset: str | Path = "page") -> Document:
    """Read one page as `clean` does, without cleaning it; raises PageError for one that cannot be read."""
    return _read(page, url, *_configured(preset))


def _configured(preset: str | Path) -> tuple[Config, Pipeline]:
    path = Path(preset)
    return _ready(preset, path.stat().st_mtime_ns if path.is_file() else 0)


def _read(page: str | bytes, url: str | None, config: Config, pipeline: Pipeline) -> Document:
    if not isinstance(page, str | bytes):
        raise TypeError(f"a page is str or bytes, not {type(page).__name__}")
    data = whole(page).encode("utf-8") if isinstance(page, str) else page
    kind = config.input.format if config.input.format in {"text", "html"} else "auto"
    return page_of(data, Reading(kind, "url", config.input.fields, config.limits, url or ""), selectors=pipeline.selectors)
