"""What a run counts: documents, paragraphs and characters, by outcome, reason, host, tag, step and rule."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any, Final

from curate.document import Document
from curate.pipeline import Pipeline

_COUNTED_TAGS: Final = ("lang", "lang_by")


@dataclass(slots=True)
class HostCount:
    """What was read and kept of one site."""

    pages: int = 0
    emptied: int = 0
    chars_read: int = 0
    chars_kept: int = 0


@dataclass(slots=True)
class Counts:
    """The counts of a run so far."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    read: int = 0
    kept: int = 0
    chars_read: int = 0
    chars_kept: int = 0
    hosts: dict[str, HostCount] = field(default_factory=dict)
    tags: dict[str, Counter[str]] = field(default_factory=dict)
    rule_files: Counter[str] = field(default_factory=Counter)
    aside: Counter[str] = field(default_factory=Counter)  # records of a crawl that are no pages, by what they are

    def add(self, doc: Document) -> None:
        """Count a document that has been through the pipeline, or that could not be read."""
        self.outcomes[doc.outcome] += 1
        if doc.reason:
            self.reasons[f"{doc.outcome}: {doc.reason.partition(':')[0]}"] += 1
        self.read += doc.read
        self.kept += len(doc.kept)
        self.chars_read += doc.chars_read
        self.chars_kept += doc.chars_kept
        host = self.hosts.setdefault(doc.host, HostCount())
        host.pages += 1
        host.emptied += doc.outcome == "emptied"
        host.chars_read += doc.chars_read
        host.chars_kept += doc.chars_kept
        for tag in _COUNTED_TAGS:
            if tag in doc.tags:
                self.tags.setdefault(tag, Counter())[str(doc.tags[tag])] += 1
        self.rule_files.update(str(doc.tags.get("packs", "")).split())

    def merge(self, other: "Counts") -> None:
        """Add the counts of another part of the run."""
        for name in ("outcomes", "reasons", "rule_files", "aside", "read", "kept", "chars_read", "chars_kept"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for tag, values in other.tags.items():
            self.tags[tag] = self.tags.get(tag, Counter()) + values
        for host, count in other.hosts.items():
            mine = self.hosts.setdefault(host, HostCount())
            for field_ in fields(HostCount):
                setattr(mine, field_.name, getattr(mine, field_.name) + getattr(count, field_.name))

    @property
    def documents(self) -> int:
        """All pages, read or not."""
        return self.outcomes.total()

    @property
    def failed_share(self) -> float:
        """Failed pages among all."""
        return self.outcomes["failed"] / self.documents if self.documents else 0.0

    def as_json(self, pipeline: Pipeline) -> dict[str, Any]:
        """The counts as run.json has them, steps in their order, the rest sorted."""
        return {
            "documents": {"read": self.documents, **{name: self.outcomes[name] for name in ("kept", "emptied", "dropped", "failed")}},
            "reasons": dict(sorted(self.reasons.items())),
            "aside": dict(sorted(self.aside.items())),
            "paragraphs": {"read": self.read, "kept": self.kept},
            "chars": {"read": self.chars_read, "kept": self.chars_kept},
            "steps": {
                name: {
                    "documents": count.documents,
                    "paragraphs_dropped": count.dropped,
                    "paragraphs_edited": count.edited,
                    "chars_removed": count.chars_removed,
                    "chars_added": count.chars_added,
                    "cpu_seconds": round(count.cpu_seconds, 6),
                    "rules": dict(sorted(count.rules.items())),
                    "reports": dict(sorted(count.reports.items())),
                    "histogram": dict(sorted(count.histogram.items(), key=lambda pair: float(pair[0]))),
                }
                for name, count in pipeline.counts.items()
            },
            "tags": {tag: dict(sorted(values.items())) for tag, values in sorted(self.tags.items())},
            "rule_files": dict(sorted(self.rule_files.items())),
            "hosts": {host: [c.pages, c.emptied, c.chars_read, c.chars_kept] for host, c in sorted(self.hosts.items())},
        }
