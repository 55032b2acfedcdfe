"""What became of the callers' requests: lost, doubled, with a second session, or failed."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from app.store.tables import tickets
from tests.faults.callers import Callers, Client, Sent, What, table
from tests.faults.hosts import Hosts
from tests.faults.kept import rows_of, settle_all
from tests.vendor.remote import RemoteVendor

log = logging.getLogger(__name__)


def numbers(hosts: Hosts) -> Counter[str]:
    """How often each customer's number stands in the database: forms as requests, calls as tickets."""
    with hosts.database() as database:
        settle_all(database, 60.0)
        found = Counter(row.customer_number for row in rows_of(database))
        with database.read() as connection:
            calls = select(tickets.c.customer_number).where(tickets.c.reference.is_(None))
            found.update(connection.execute(calls).scalars())
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one client's requests in one drill.

    `again` are second tickets of programs that repeated a call after a failed answer; `second` are second sessions at
    the vendor.
    """

    client: Client
    drill: str
    sent: int
    acknowledged: int
    lost: int
    doubled: int
    again: int
    second: int
    failed: int
    slowest: float

    @classmethod
    def of(cls, client: Client, drill: str, sent: list[Sent], found: Counter[str], sessions: Counter[str]) -> "Outcome":
        mine = [one for one in sent if (one.client, one.drill) == (client, drill)]
        extra = {one.number: max(found[one.number] - 1, 0) for one in mine}
        excused = {one.number: one.failed_tries if client.what is What.CALL else 0 for one in mine}
        return cls(
            client,
            drill,
            sent=len(mine),
            acknowledged=sum(one.is_acknowledged for one in mine),
            lost=sum(one.is_acknowledged and not found[one.number] for one in mine),
            doubled=sum(max(extra[number] - excused[number], 0) for number in extra),
            again=sum(min(extra[number], excused[number]) for number in extra),
            second=sum(max(sessions[one.number] - 1, 0) for one in mine),
            failed=sum(not one.is_acknowledged for one in mine),
            slowest=max((one.seconds for one in mine), default=0.0),
        )

    @property
    def row(self) -> tuple[object, ...]:
        counts = (self.sent, self.acknowledged, self.lost, self.doubled, self.again, self.second, self.failed)
        return (self.drill or "quiet", self.client.proxy.name, self.client.name, *counts, f"{self.slowest:.2f}")


HEAD = (
    "drill",
    "proxy",
    "client",
    "sent",
    "acknowledged",
    "lost",
    "doubled",
    "again",
    "second",
    "failed",
    "slowest, s",
)


def outcomes(callers: Callers, drills: Iterable[str], hosts: Hosts, vendor: RemoteVendor) -> list[Outcome]:
    """What became of all requests, once every one is settled; also in the log, with the tries that failed."""
    found = numbers(hosts)
    sessions = Counter(str(one.customer_number) for one in vendor.sessions)
    told = [Outcome.of(client, drill, callers.sent, found, sessions) for drill in drills for client in callers.clients]
    log.info("\n%s", table([HEAD, *(outcome.row for outcome in told)]))
    for one in callers.sent:
        if one.failed_tries:
            log.info("%s, %s, %s: %s", one.drill, one.client.proxy.name, one.client.name, one.answers)
    return told
