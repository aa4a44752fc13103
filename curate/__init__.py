"""Clean scraped pages into a corpus that can be accounted for: every removed line with the step and rule that removed it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curate.api import clean, read
    from curate.document import Applied, Change, Document, Of, Paragraph
    from curate.errors import ConfigError, CurateError, PageError, UsageError
    from curate.pipeline import Pipeline
    from curate.version import __version__

__all__ = [
    "Applied",
    "Change",
    "ConfigError",
    "CurateError",
    "Document",
    "Of",
    "PageError",
    "Paragraph",
    "Pipeline",
    "UsageError",
    "__version__",
    "clean",
    "read",
]

_HOMES = {"clean": "api", "read": "api", "Pipeline": "pipeline", "__version__": "version"}
_HOMES |= dict.fromkeys(("Applied", "Change", "Document", "Of", "Paragraph"), "document")
_HOMES |= dict.fromkeys(("ConfigError", "CurateError", "PageError", "UsageError"), "errors")


def __getattr__(name: str) -> object:
    """Public names are imported when they are asked for, so that `import curate` costs nothing."""
    import importlib  # noqa: PLC0415

    if name not in _HOMES:
        raise AttributeError(f"module 'curate' has no attribute {name!r}")
    return getattr(importlib.import_module(f"curate.{_HOMES[name]}"), name)
