"""The engine without other processes: one item after another, here."""

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Protocol, Self

from curate.duplicates.corpus import Answer, Item


def unwatched(_answer: object) -> None:
    """For those who do not watch."""


class Engine(Protocol):
    """Carries out a function on items; `map` is what corpus steps are given, see `duplicates.corpus.Map`."""

    @property
    def apart(self) -> bool:
        """Whether items are worked on by other machines, which see only what is shared with them."""
        ...

    @property
    def workers(self) -> int:
        """How many items are worked on at one time, on one machine: they share its memory."""
        ...

    def here(self, items: int) -> bool:
        """Whether a function runs in this process on so many items, and need not be one that can be sent."""
        ...

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item], came: Callable[[Any], None] = unwatched) -> Iterator[Answer]:
        """The answers in the order of the items; `came` is told each one as soon as it is there.

        The function stands at the top of its module; all items are done when the last answer has been taken.
        """
        ...


class Serial:
    """One item after another, in this process."""

    apart = False
    workers = 1

    def here(self, items: int) -> bool:  # noqa: ARG002  # see `Engine`
        """Always."""
        return True

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item], came: Callable[[Any], None] = unwatched) -> Iterator[Answer]:
        """See `Engine`."""
        for item in items:
            answer = function(item)
            came(answer)
            yield answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, where: TracebackType | None) -> None:
        pass
