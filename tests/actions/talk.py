"""A ticket of the desk with its conversation, for tests of actions."""

import pytest

from app.actions import work as actions
from app.actions.live import post
from app.actions.live_view import Asked, View, look
from app.actions.ticket import open_ticket
from app.actions.work import Work
from app.core.live import CUSTOMER_SPEAKS, Kind, NotTaken, Post, Side, Speaker
from app.core.new_session import NewSessionRequest
from app.core.standing import Standing
from app.store.live import all_lines, all_signals
from app.store.staff import load_staff
from tests.actions.desk import DeskAtWork

ANNA, BEN, SVEN = 1, 2, 4
AT_ANNAS, AT_BENS = (Speaker(Side.TECHNICIAN, str(who)) for who in (ANNA, BEN))
AT_SVENS = Speaker(Side.TECHNICIAN, str(SVEN), may_join=True)


class Talk:
    """A ticket of the desk, and its conversation."""

    def __init__(self, desk: DeskAtWork) -> None:
        self.desk = desk
        with desk.database.read() as connection:
            staff = load_staff(connection)
        asked = NewSessionRequest(department="10")
        self.number = open_ticket(desk.database, staff, "default", asked, now=desk.clock()).number
        self.keys = 0

    def post(self, speaker: Speaker, kind: str, body: str = "", key: str = "", sender: str = "page") -> int | None:
        self.keys += 1
        what = Post(Kind(kind), body, key or f"k{self.keys}", sender)
        return post(self.desk.database, self.number, speaker, what, now=self.desk.clock())

    def refused(self, speaker: Speaker, kind: str, body: str = "") -> str:
        before = self.lines()
        with pytest.raises(NotTaken) as refused:
            self.post(speaker, kind, body)
        assert self.lines() == before
        return refused.value.why

    def work(self, by: int = ANNA) -> Work:
        return Work(self.number, Standing.of(self.desk.ticket(self.number)), by=by, now=self.desk.clock())

    def claim(self, by: int = ANNA) -> None:
        actions.claim(self.desk.database, self.work(by))

    def look(
        self, speaker: Speaker = CUSTOMER_SPEAKS, after: int = 0, peer: str = "", signals: int | None = None
    ) -> View:
        ticket = self.desk.ticket(self.number)
        return look(self.desk.database, ticket, speaker, Asked(after, peer, signals), now=self.desk.clock())

    def lines(self) -> list[tuple[str, str, str]]:
        with self.desk.database.read() as connection:
            return [(line.who, line.kind, line.body) for line in all_lines(connection, self.number)]

    def signals(self) -> list[str]:
        with self.desk.database.read() as connection:
            return [signal.kind for signal in all_signals(connection, self.number)]
