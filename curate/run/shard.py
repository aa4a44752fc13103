"""Read pages and take each through the pipeline: the one loop behind `clean` and `explain`."""

from collections.abc import Iterable, Iterator
from itertools import islice

from curate.document import Document
from curate.errors import PageError
from curate.formats.inputs import File
from curate.formats.pages import Reading, failed, pages
from curate.pipeline import Pipeline


def clean(files: Iterable[File], reading: Reading, pipeline: Pipeline, limit: int | None = None) -> Iterator[Document]:
    """Every page of the files in order, cleaned; a page that cannot be read or cleaned comes out as `failed`."""
    read = (document for file in files for document in pages(file, reading, pipeline.selectors))
    for document in islice(read, limit):
        yield document if document.outcome == "failed" else _cleaned(document, pipeline)


def _cleaned(document: Document, pipeline: Pipeline) -> Document:
    """The document after the pipeline; an error of a step is the page's failure, by name, and not the run's."""
    try:
        return pipeline.run(document)
    except Exception as problem:  # noqa: BLE001  # steps call libraries that may raise anything on hostile text
        reason = PageError("step failed", f"{type(problem).__name__}: {problem}")
        unclean = failed(document.source.path, document.source.record, document.format, reason)
        unclean.id, unclean.url, unclean.source = document.id, document.url, document.source
        return unclean
