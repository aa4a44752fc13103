"""Drop what a small learned model takes for chrome: menus, teasers, comments, footers that nobody wrote a rule for.

The model looks at every paragraph in its company: what it is made of, which words it begins and ends with, where it stands
on the page, what stands around it, and in HTML what the tree says of it. The measure is the probability that the paragraph is
content. How much of the content may be lost is yours to say (`max_loss`); a curve measured on sites that the model had not seen
tells at which probability that much is lost. What a `keep` rule names stays.

Text is looked at again without what has gone, until nothing goes any more, four times at most: so what has been cleaned is not
cleaned again.

The model's card, with its figures and its limits, is in docs/model.md.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from msgspec import Meta

from curate.document import Document
from curate.models.page import kind_of, model, probabilities
from curate.models.weights import INPUTS
from curate.steps import Measures

_LOOKS: Final = 4  # at most; most pages need two


@dataclass(frozen=True, slots=True)
class PageModel:
    max_loss: Annotated[
        float, Meta(ge=0, le=0.5, description="share of the content's characters that may be lost; less keeps more of the chrome")
    ] = 0.03
    weights: Annotated[
        str,
        Meta(
            description="folder with text.weights, html.weights or both, of your own; the built-in ones where empty", extra={"path": True}
        ),
    ] = ""

    @property
    def weights_version(self) -> str:
        """A hash of the weights; reading it reads them, so that a missing file stops a run before the first page."""
        return "-".join(model(self.weights, of).version for of in INPUTS)

    def at_least(self, doc: Document) -> float:
        return model(self.weights, kind_of(doc)).limit(self.max_loss)

    def measure(self, doc: Document) -> Measures:
        limit, ready = self.at_least(doc), model(self.weights, kind_of(doc))
        kept = list(doc.kept_by_rule)
        found = np.zeros(doc.read)
        live = np.flatnonzero(doc.live).astype(np.int32)
        for _ in range(1 if doc.is_html else _LOOKS):
            found[live] = probabilities(ready, doc, live).round(6)
            found[kept] = 1
            stays = live[found[live] >= limit]
            if not 0 < len(stays) < len(live):
                break
            live = stays
        return found
