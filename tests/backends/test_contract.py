"""The contract of all ways to open a session, checked by the same tests for each."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import pytest

from app.core.backend import Refused, Start, Unavailable
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.store.database import Database
from tests.asking import asking
from tests.backends.kept import Kept
from tests.backends.other_sides import BROWSER, Embedded, Got, OtherSide, OurDesk, Server, StandIn, our_desk
from tests.conftest import StandingClock
from tests.vendor.stand_in import Flavour, stand_in

ZOE = {
    "department": "20",
    "tech": "ben@example.com",
    "customer_name": "Zoë O'Neil & Søn <zoe> + 100%",
    "customer_email": "zoe+help@example.com",
    "customer_number": "0042",
    "problem_description": "It broke.\n\nTwice; a=b&c=d \u202e\u200b 👩‍🔧",
    "ask_customer_info": True,
}
SERVERS = [
    f"{kind} at {where}" for kind in ("take-control", "take-control-rest") for where in ("our desk", "the stand-in")
]


@pytest.fixture
def other_side(request: pytest.FixtureRequest, tmp_path: Path, clock: StandingClock, kept: Kept) -> Iterator[OtherSide]:
    """The other side for which the test is run."""
    filled: Path = request.getfixturevalue("_filled_sqlite")
    kind, _at, where = request.param.partition(" at ")
    with ExitStack() as ends:
        if where == "our desk":
            yield OurDesk(kind, kept, ends.enter_context(our_desk(filled, tmp_path, clock)))
        elif where == "the stand-in":
            yield StandIn(kind, kept, ends.enter_context(stand_in()))
        else:
            database = Database(f"sqlite:///{tmp_path / 'embedded.sqlite3'}")
            (tmp_path / "embedded.sqlite3").write_bytes(filled.read_bytes())
            ends.callback(database.close)
            yield Embedded(database, clock)


@pytest.mark.parametrize("other_side", ["embedded", *SERVERS], indirect=True)
class TestEveryBackend:
    def test_all_fields_arrive_exactly(self, other_side: OtherSide) -> None:
        opened = other_side.open(asking(**ZOE))
        assert [asdict(got) for got in other_side.got()] == [ZOE]
        assert opened.start is (Start.DESK if isinstance(other_side, Embedded) else Start.LINK)
        assert (opened.link is None) is (opened.start is Start.DESK)

    def test_nothing_asked_is_nothing_sent(self, other_side: OtherSide) -> None:
        other_side.open(NewSessionRequest())
        assert other_side.got() == [Got()]

    def test_blank_fields_are_not_sent(self, other_side: OtherSide) -> None:
        blank = dict.fromkeys(("department", "tech", "customer_name", "customer_email", "problem_description"), " \n ")
        other_side.open(asking(**blank, customer_number=""))
        assert other_side.got() == [Got()]

    @pytest.mark.parametrize("ask", [False, True])
    def test_the_customer_is_asked_only_when_that_is_set(self, other_side: OtherSide, ask: bool) -> None:
        other_side.open(NewSessionRequest(customer=Customer(name="Zoë"), ask_customer_info=ask))
        assert other_side.got() == [Got(customer_name="Zoë", ask_customer_info=ask)]

    @pytest.mark.slow
    def test_every_field_arrives_at_its_limit(self, other_side: OtherSide) -> None:
        longest = {
            "customer_name": "名" * 128,
            "customer_email": "é" * 52 + "@example.com",
            "customer_number": "𝟙" * 32,
            "problem_description": "困" * 1024,
        }
        other_side.open(asking(**longest))
        assert other_side.got() == [Got(**longest)]

    @pytest.mark.parametrize("department", ["id_1234", "1234", "0042", "Sales & Service", "99999999999999999999"])
    def test_a_department_arrives_as_it_was_written(self, other_side: OtherSide, department: str) -> None:
        other_side.open(NewSessionRequest(department=department))
        assert other_side.got() == [Got(department=department)]

    def test_each_request_is_a_session_of_its_own(self, other_side: OtherSide) -> None:
        opened = [other_side.open(NewSessionRequest(customer=Customer(number=str(number)))) for number in range(3)]
        assert [got.customer_number for got in other_side.got()] == ["0", "1", "2"]
        assert len({(one.session_id, one.link) for one in opened}) == 3


@pytest.mark.parametrize("other_side", SERVERS, indirect=True)
class TestEveryServer:
    @pytest.mark.slow
    @pytest.mark.parametrize("key", ["no-such-key", "no+such/key==", "no|such key&uid=1", "n" * 320])
    def test_a_wrong_key_is_refused(self, other_side: Server, key: str) -> None:
        with pytest.raises(Refused) as refused:
            other_side.backend(key).open_session(asking(**ZOE), BROWSER)
        assert other_side.got() == []
        assert_says_nothing_of(str(refused.value), key)

    @pytest.mark.slow
    def test_a_server_that_is_away_is_unavailable_and_got_nothing(self, other_side: Server) -> None:
        other_side.stop()
        with pytest.raises(Unavailable) as unavailable:
            other_side.open(asking(**ZOE))
        assert (unavailable.value.maybe_sent, other_side.got()) == (False, [])
        assert_says_nothing_of(str(unavailable.value), other_side.key)


@pytest.mark.parametrize("other_side", [name for name in SERVERS if "stand-in" in name], indirect=True)
class TestOnTheWire:
    """Checks that only the stand-in makes possible."""

    def test_a_field_that_is_blank_or_not_set_has_no_name_there_either(self, other_side: StandIn) -> None:
        other_side.open(NewSessionRequest(customer=Customer(name=" ", email="", problem="It broke.")))
        (session,) = other_side.vendor.sessions
        assert session.fields.keys() - {"uid"} == {"problem_description"}

    def test_the_key_and_the_customer_stay_out_of_the_address(self, other_side: StandIn) -> None:
        other_side.open(asking(**ZOE))
        (session,) = other_side.vendor.sessions
        assert (session.method, "?" in session.target) == ("POST", False)

    def test_the_browser_is_forwarded(self, other_side: StandIn) -> None:
        other_side.open(asking(**ZOE))
        (session,) = other_side.vendor.sessions
        assert (session.user_agent, session.accept_language) == (BROWSER.user_agent, BROWSER.accept_language)

    def test_an_id_is_a_number_in_json_and_the_vendors_own_spelling_stays(self, other_side: StandIn) -> None:
        for department in ("1234", "id_1234"):
            other_side.open(NewSessionRequest(department=department, language="fr", show_waiting_queue=True))
        plain, spelt = other_side.vendor.sessions
        if plain.flavour is Flavour.REST:
            assert plain.fields == {"department_id": 1234, "language": "fr", "show_waiting_queue": "1"}
            assert spelt.fields["department_id"] == "id_1234"
        else:
            assert [session.fields.keys() - {"uid"} for session in (plain, spelt)] == [{"department"}] * 2


def assert_says_nothing_of(message: str, key: str) -> None:
    """The message contains neither the key nor customer data."""
    for secret in (key, *(value for value in ZOE.values() if isinstance(value, str) and len(value) > 3)):
        assert secret not in message
