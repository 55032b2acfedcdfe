"""What a process hears of tickets' news: through its pipe on SQLite, from PostgreSQL's notifications otherwise."""

import selectors
from collections.abc import Callable, Collection
from typing import Protocol

from app.core.poke import Poke


class Ear(Protocol):
    """Belongs to the thread of the streams, which waits for it together with its clients."""

    @property
    def is_deaf(self) -> bool:
        """Whether nothing can be heard here, so that pages ask by themselves instead."""

    def open(self, selector: selectors.BaseSelector, wake: Callable[[], None]) -> None:
        """Begin to listen; `wake` may be called from any thread, to be tended soon."""

    def tend(self, selector: selectors.BaseSelector, readable: Collection[int]) -> list[Poke] | None:
        """What was heard since the last call, where one of the readable descriptors is the ear's; None when some of it
        may be lost."""

    def close(self, selector: selectors.BaseSelector) -> None:
        """Listen no more."""
