"""Parameters that both duplicate steps have, written once: what they mean, and in which ranges they are."""

from typing import Annotated, Literal

from msgspec import Meta

Containment = Annotated[
    float, Meta(gt=0, le=1, description="share of the shorter one's shingles that the longer one has, where both begin alike, for the same")
]
ShingleWords = Annotated[int, Meta(ge=1, le=8, description="words in a shingle")]
Bands = Annotated[int, Meta(ge=1, le=100, description="bands of the signature; 20 of 6 rows find .99 of the pairs with a measure of .8")]
BandRows = Annotated[int, Meta(ge=1, le=20, description="values of the signature in a band")]
Policy = Annotated[Literal["keep-one", "drop-all"], Meta(description="whether one copy stays, or none (but what an index holds)")]
