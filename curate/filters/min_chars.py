"""Empty a document that has too little text left to be one: a headline alone, a caption, "page not found".

The default is two lines of print. Shorter documents are reported as emptied and not shipped; Gopher (Rae et al.
2021) and FineWeb (Penedo et al. 2024) ask for far more (50 words and a language model's view), which is a choice
about a corpus and not about cleaning.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from msgspec import Meta

from curate.document import Document
from curate.steps import Measures


@dataclass(frozen=True, slots=True)
class MinChars:
    at_least: Annotated[int, Meta(ge=0, description="characters that must be left in the document")] = 120

    outcome: ClassVar = "emptied"

    def measure(self, doc: Document) -> Measures:
        return np.float64(doc.chars_kept)  # type: ignore[return-value]  # a number is an array of shape ()
