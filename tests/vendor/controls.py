"""The controls of a stand-in for tests, in this process or another."""

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
    """The knobs (explained at `Knobs`) and the records of a stand-in.

    `address` is where it answers (`http://127.0.0.1:PORT`). A session in `ambiguous` was opened, but its caller was not
    told: the call was broken off, the caller had left before the answer was written, or got a 504. A caller who leaves
    while the answer is being sent cannot be distinguished from one who reads it.
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
        """The current settings."""

    @abstractmethod
    def change(self, **settings: Any) -> None:
        """Change several settings at once. Raises ValueError for unknown names or values."""

    @abstractmethod
    def release(self) -> None:
        """Answer every hanging call, and stop hanging."""

    @abstractmethod
    def forget(self) -> None:
        """Empty the records; the knobs stay."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """`calls`, `sessions`, `ambiguous`, `in_flight`, `most_in_flight`; cheap even with many sessions."""

    @abstractmethod
    def cpu_seconds(self) -> float:
        """Processor time of the stand-in's process so far."""

    @property
    @abstractmethod
    def sessions(self) -> list[Session]:
        """All sessions that were opened, in order."""

    @property
    @abstractmethod
    def ambiguous(self) -> list[Session]:
        """The sessions whose caller does not know of them."""

    @property
    @abstractmethod
    def calls(self) -> list[Call]:
        """All calls to the API, in order, including failed ones and those under way."""

    @property
    @abstractmethod
    def fetched(self) -> list[str]:
        """The targets of all other calls in order, such as an applet at OWN_APPLET."""

    @property
    def call_times(self) -> list[float]:
        """The start of each call, in seconds since 1970."""
        return [call.at for call in self.calls]

    @property
    def in_flight(self) -> int:
        return self.counts()["in_flight"]

    @property
    def most_in_flight(self) -> int:
        return self.counts()["most_in_flight"]

    def wait_for(self, condition: Callable[[], object], within: float = 10.0) -> None:
        """Wait until a condition on this vendor holds; AssertionError when it does not within `within` seconds."""
        assert self._holds(condition, within), f"not within {within} s; counts: {self.counts()}"

    @abstractmethod
    def _holds(self, condition: Callable[[], object], within: float) -> bool: ...
