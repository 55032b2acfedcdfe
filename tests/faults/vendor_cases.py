"""All faults of a vendor, and the expected outcome.

Every case has a site, a stand-in and, where the connection is broken, its own proxy; all of them run at once.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from app.core.backend import Start
from app.core.request import RequestState
from tests.faults.crowd import Crowd, Plan, Visit, crowd
from tests.faults.hosts import Hosts, running
from tests.faults.kept import hurry, rows_of
from tests.profile import FULL, PROFILE
from tests.vendor.fault_proxy import Mode, Tls, authority_pem, fault_proxy
from tests.vendor.hostile import ALLOWED_REDIRECTS, HOSTILE_REDIRECTS
from tests.vendor.stand_in import KEY, Answers, Outage, Vendor, stand_in
from tests.waiting import until

OPENED, WAITING, PARKED = RequestState.OPENED, RequestState.WAITING, RequestState.PARKED
ORIGIN = "https://www.example.com"
_SETTLED_WITHIN = 60.0  # seconds: two calls of ten seconds, and the delay of a busy machine


@dataclass(frozen=True, slots=True)
class Case:
    """The vendor's behaviour and the expected outcome; `unsure` is how many calls may have opened a session."""

    name: str
    state: RequestState
    start: Start | None = None
    unsure: int = 0
    knobs: Mapping[str, Any] = field(default_factory=dict)
    mode: Mode | None = None
    tls: Tls = Tls.NONE
    backend: str = "take-control"
    not_before: timedelta | None = None  # the vendor asked for a pause

    @property
    def progress(self) -> str:
        """The state in the words of the customer's page and the API."""
        return "ready" if self.state is OPENED else self.state.value


def answered(answers: Answers, state: RequestState, start: Start | None = None, **more: Any) -> Case:
    return Case(
        f"{answers.value}-{more.get('backend', 'take-control')}", state, start, knobs={"answers": answers}, **more
    )


def broken(mode: Mode, state: RequestState, start: Start | None = None, unsure: int = 0) -> Case:
    return Case(f"proxy-{mode.value}", state, start, unsure, {"answers": Answers.JSON}, mode)


def secured(tls: Tls, state: RequestState, start: Start | None = None) -> Case:
    return Case(f"tls-{tls.value}", state, start, mode=Mode.PASS, tls=tls)


CASES = [
    *(
        answered(answers, OPENED, Start.LINK)
        for answers in (
            *(Answers.DOCUMENTED, Answers.REDIRECT, Answers.REDIRECT_SEE_OTHER, Answers.REDIRECT_TEMPORARY),
            *(Answers.REDIRECT_RELATIVE, Answers.JSON, Answers.JSON_DETAILS, Answers.ENVELOPE, Answers.XML),
            *(Answers.XML_DETAILS, Answers.HTML_REFRESH, Answers.HTML_LINK, Answers.HTML_FORM),
        )
    ),
    *(answered(answers, OPENED, Start.FILE) for answers in (Answers.ATTACHMENT, Answers.OCTET_STREAM)),
    *(
        answered(answers, OPENED, Start.BROWSER)
        for answers in (
            *(Answers.REDIRECT_NOWHERE, Answers.WAITING_PAGE, Answers.EMPTY, Answers.HUGE, Answers.GZIP_BOMB),
            *(Answers.BROKEN_JSON, Answers.DEEP_JSON, Answers.XML_ENTITIES, Answers.XML_LAUGHS),
        )
    ),
    *(
        answered(answers, PARKED, backend=backend)
        for answers in (Answers.BAD_REQUEST, Answers.FORBIDDEN, Answers.ERROR_ENVELOPE)
        for backend in ("take-control", "take-control-rest")
    ),
    *(
        answered(answers, WAITING, backend=backend)
        for answers in (
            *(Answers.TOO_MANY, Answers.SERVER_ERROR, Answers.BAD_GATEWAY, Answers.UNAVAILABLE, Answers.ERROR_PAGE),
        )
        for backend in ("take-control", "take-control-rest")
    ),
    *(
        answered(Answers.GATEWAY_TIMEOUT, PARKED, unsure=2, backend=backend)
        for backend in ("take-control", "take-control-rest")
    ),
    answered(Answers.DOCUMENTED, OPENED, Start.LINK, backend="take-control-rest"),
    *(
        Case(
            f"{answers.value}-retry-after",
            WAITING,
            knobs={"answers": answers, "retry_after": "120"},
            not_before=timedelta(seconds=115),
        )
        for answers in (Answers.TOO_MANY, Answers.UNAVAILABLE)
    ),
    Case("outage-refused", WAITING, knobs={"outage": Outage.REFUSED}),
    Case("key-refused", PARKED, knobs={"key": "another"}),
    broken(Mode.PASS, OPENED, Start.LINK),
    broken(Mode.IGNORE, WAITING),
    broken(Mode.REFUSE, WAITING),
    *(
        broken(mode, PARKED, unsure=2)
        for mode in (
            *(Mode.NEVER_READ, Mode.RESET_BEFORE, Mode.CLOSE_BEFORE, Mode.RESET_AFTER, Mode.CLOSE_AFTER),
            *(Mode.STALL, Mode.DRIP, Mode.CUT_OFF, Mode.LONG_LENGTH, Mode.GARBAGE),
        )
    ),
    broken(Mode.SHORT_LENGTH, OPENED, Start.BROWSER),
    secured(Tls.SOUND, OPENED, Start.LINK),
    *(secured(tls, WAITING) for tls in (Tls.SELF_SIGNED, Tls.UNKNOWN_AUTHORITY, Tls.WRONG_HOST, Tls.EXPIRED)),
    *(
        Case(f"hostile-{n}", OPENED, Start.BROWSER, knobs={"answers": Answers.REDIRECT, "link": link})
        for n, link in enumerate(HOSTILE_REDIRECTS[:: 1 if PROFILE is FULL else 5])
    ),
    *(
        Case(f"allowed-{n}", OPENED, Start.LINK, knobs={"answers": Answers.REDIRECT, "link": link})
        for n, link in enumerate(ALLOWED_REDIRECTS)
    ),
]


@contextmanager
def other_side(case: Case) -> Iterator[str]:
    """The vendor of one case; yields the address that the site calls."""
    with ExitStack() as ends:
        vendor: Vendor = ends.enter_context(stand_in(**case.knobs))
        if case.mode is None:
            yield vendor.address
        else:
            yield ends.enter_context(fault_proxy(vendor.address, mode=case.mode, tls=case.tls)).address


def as_expected(case: Case, row: Row[Any]) -> bool:
    if row.attempts < 1 or (row.state, row.start, row.unsure) != (case.state, case.start, case.unsure):
        return False
    if case.state is not WAITING:
        return True
    return row.why is not None and (not case.not_before or row.due_at - row.created_at >= case.not_before)


class Seen:
    """The observed outcomes of all requests; a case is seen once it was in the expected state at any look."""

    def __init__(self, hosts: Hosts, customers: Crowd) -> None:
        self._hosts = hosts
        self._customers = customers
        self.paths: dict[str, str] = {}
        self.pages: dict[str, str] = {}
        self.rows: list[Row[Any]] = []

    def everything(self) -> bool:
        with self._hosts.database() as database:
            self.rows = rows_of(database)
            hurry(database, unsure=1)
        stood = {row.customer_number: row for row in self.rows}
        for case in CASES:
            if case.name not in self.pages and case.name in stood and as_expected(case, stood[case.name]):
                (path,) = self._customers.told[case.name].locations
                self.paths[case.name] = path
                self.pages[case.name] = self._hosts.get(path).text
        return len(self.pages) == len(CASES)

    @property
    def missed(self) -> list[tuple[Any, ...]]:
        return [
            (row.customer_number, row.state, row.start, row.unsure, row.attempts, row.why)
            for row in self.rows
            if row.customer_number not in self.pages
        ]


@contextmanager
def every_case(folder: Path) -> Iterator[tuple[Hosts, "Seen"]]:
    """A server on which all cases were submitted at once, and the observed state of each."""
    (folder / "authority.pem").write_bytes(authority_pem())
    with ExitStack() as ends:
        vendors = {case.name: ends.enter_context(other_side(case)) for case in CASES}
        settings = {"SSL_CERT_FILE": str(folder / "authority.pem"), "HANDBELL_LOG_LEVEL": "debug"}
        hosts = ends.enter_context(running(folder, worker=False, **settings))
        for number, case in enumerate(CASES):
            account = {"backend": case.backend, "origins": (ORIGIN,)}
            hosts.give_account(f"case-{number}", vendors[case.name], KEY, **account)
        visits = [Visit(case.name, f"case-{number}") for number, case in enumerate(CASES)]
        customers = ends.enter_context(crowd(Plan(hosts.ports, visits)))
        customers.finish()
        seen = Seen(hosts, customers)
        until(seen.everything, _SETTLED_WITHIN, every=0.2)
        yield hosts, seen
