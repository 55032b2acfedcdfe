"""What a test can set and see of a stand-in, wherever that runs."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tests.vendor.knobs import Answers, Failure, Knobs, Outage
from tests.vendor.records import Call, Session

T = TypeVar("T")


class Knob(Generic[T]):
    """One of the settings as an attribute: `vendor.delay = 0.3`."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, vendor: "Controls", kind: type | None = None) -> T:
        value: T = getattr(vendor.knobs, self._name)
        return value

    def __set__(self, vendor: "Controls", value: T) -> None:
        vendor.change(**{self._name: value})


class Controls(ABC):
    """The knobs (`Knobs` explains them) and the records of a stand-in.

    `address` is where it answers (`http://127.0.0.1:PORT`). A session in `ambiguous` was opened, but its caller was
    not told: it broke off, had left before the answer was written, or got a 504. A caller who gave up while the
    answer was on its way cannot be told from one who read it.
    """

    address: str

    answers = Knob[Answers]()
    delay = Knob[float]()
    hang = Knob[float]()
    outage = Knob[Outage]()
    failing = Knob[float]()
    failures = Knob[tuple[Failure, ...]]()
    seed = Knob[int]()
    key = Knob[str]()
    link = Knob[str]()
    link_key = Knob[str]()
    disposition = Knob[str]()
    file_size = Knob[int]()
    retry_after = Knob[str | None]()
    keep_alive = Knob[bool]()
    closes_quietly = Knob[bool]()
    chunked = Knob[bool]()

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    @abstractmethod
    def knobs(self) -> Knobs:
        """All settings as they are now."""

    @abstractmethod
    def change(self, **settings: Any) -> None:
        """Change several at once. Raises ValueError for what it does not know."""

    @abstractmethod
    def release(self) -> None:
        """Answer every call that hangs, and hang no more."""

    @abstractmethod
    def forget(self) -> None:
        """Empty the records; the knobs stay."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """`calls`, `sessions`, `ambiguous`, `in_flight`, `most_in_flight`: cheap, also with many sessions."""

    @abstractmethod
    def cpu_seconds(self) -> float:
        """Processor time of the stand-in's process so far."""

    @property
    @abstractmethod
    def sessions(self) -> list[Session]:
        """Every session that was opened, in order."""

    @property
    @abstractmethod
    def ambiguous(self) -> list[Session]:
        """Those whose caller does not know of them."""

    @property
    @abstractmethod
    def calls(self) -> list[Call]:
        """Every call to the API, in order, also those that failed or are under way."""

    @property
    @abstractmethod
    def fetched(self) -> list[str]:
        """Everything else that was asked for, such as an applet at OWN_APPLET: targets in order."""

    @property
    def call_times(self) -> list[float]:
        """When each call began, in seconds since 1970."""
        return [call.at for call in self.calls]

    @property
    def in_flight(self) -> int:
        return self.counts()["in_flight"]

    @property
    def most_in_flight(self) -> int:
        return self.counts()["most_in_flight"]

    def wait_for(self, condition: Callable[[], object], within: float = 10.0) -> None:
        """Wait until a condition on this vendor holds; AssertionError when it does not within that many seconds."""
        assert self._holds(condition, within), f"not within {within} s; counts: {self.counts()}"

    @abstractmethod
    def _holds(self, condition: Callable[[], object], within: float) -> bool: ...
