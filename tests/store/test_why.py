"""Why a request waits: a code and its values in the row, or the sentence of a version that knew no codes."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text, update

from app.core.request import RequestState
from app.core.why import Why, WhyCode
from app.store.database import Database
from app.store.migrate import alembic_config, migrate
from app.store.privacy import erase_requests
from app.store.requests import insert_request, request_by_reference
from app.store.tables import requests
from app.store.why import in_english, why_columns, why_members
from tests.conftest import fill_desk
from tests.store.rows import NOW, request_row

VALUES: dict[str, Any] = {"status": 503, "host": "vendor.example", "name": "Sven S"}


def whys() -> list[Why]:
    """One reason for each code, with the values that its words need."""
    marks = {name: f"<{name}>" for name in (*VALUES, "text")}
    said = {code: in_english(Why(code, marks)) for code in WhyCode if code is not WhyCode.UNKNOWN}
    return [Why(code, {n: v for n, v in VALUES.items() if f"<{n}>" in words}) for code, words in said.items()]


@pytest.fixture
def desk(database: Database) -> Database:
    fill_desk(database, NOW)
    return database


def kept(desk: Database, **columns: Any) -> Why | None:
    """The reason read from a row after these columns were changed."""
    row = request_row(state=RequestState.PARKED, why=Why(WhyCode.NOT_AVAILABLE, {"status": 503}))

    def put(connection: Connection) -> None:
        insert_request(connection, row)
        if columns:
            connection.execute(update(requests).where(requests.c.reference == row.reference).values(**columns))

    desk.write(put)
    with desk.read() as connection:
        found = request_by_reference(connection, row.reference)
    assert found
    return found.why


@pytest.mark.parametrize("why", whys(), ids=str)
def test_each_code_comes_back_with_its_values(desk: Database, why: Why) -> None:
    assert kept(desk, **why_columns(why)) == why


def test_what_an_older_version_wrote_over_a_code_is_shown_as_it_is(desk: Database) -> None:
    assert kept(desk, last_error="its worker died") == Why(WhyCode.UNKNOWN, {"text": "its worker died"})


def test_a_sentence_is_in_the_row_only_where_it_has_no_code(desk: Database) -> None:
    unknown = Why(WhyCode.UNKNOWN, {"text": "it is Sunday"})
    assert why_columns(unknown) == {"why": None, "why_values": None, "last_error": "it is Sunday"}
    assert why_members(unknown)["last_error"] == "it is Sunday"
    assert why_columns(Why(WhyCode.STALE)) == {"why": "stale", "why_values": None, "last_error": None}
    assert why_members(Why(WhyCode.STALE))["last_error"] == "the vendor could not be reached for 30 minutes"


def test_a_code_of_a_newer_version_is_shown_as_it_is(desk: Database) -> None:
    assert kept(desk, why="sunday", why_values={"day": 7}) == Why(WhyCode.UNKNOWN, {"text": "sunday"})
    assert kept(desk, why="status", why_values={"code": 7}) == Why(WhyCode.UNKNOWN, {"text": "status"})


@pytest.mark.slow
def test_nothing_of_it_is_left_when_a_request_is_erased(desk: Database) -> None:
    row = request_row(state=RequestState.PARKED, why=Why(WhyCode.PARKED_BY, {"name": "Sven S"}))
    desk.write(lambda connection: insert_request(connection, row))
    desk.write(lambda connection: erase_requests(connection, [row.reference], NOW + timedelta(days=1)))
    with desk.read() as connection:
        columns = connection.execute(
            text("SELECT why, why_values, last_error FROM requests WHERE reference = :r"), {"r": row.reference}
        ).one()
    assert tuple(columns) == (None, None, None)


OLD = {
    "suspect: the field that nobody sees was filled in": Why(WhyCode.TRAP),
    "suspect: sent within two seconds": Why(WhyCode.TOO_FAST),
    "suspect: many requests from one address, and no solved check": Why(WhyCode.NO_CHECK),
    "suspect: its solved check was used before": Why(WhyCode.CHECK_USED),
    "the vendor answered 503: the account key is wrong, disabled or expired": Why(WhyCode.BAD_KEY, {"status": 503}),
    "the vendor answered 503: it does not take a value of this request; check the department and the technician": Why(
        WhyCode.BAD_VALUE, {"status": 503}
    ),
    "the vendor answered 503: there is no New Session API at this address; check the API domain": Why(
        WhyCode.BAD_ADDRESS, {"status": 503}
    ),
    "the vendor answered 503: the request is too long for it": Why(WhyCode.TOO_LONG, {"status": 503}),
    "the vendor answered 503: it gets too many requests": Why(WhyCode.TOO_MANY, {"status": 503}),
    "the vendor answered 503: it did not get the whole request in time": Why(WhyCode.REQUEST_LATE, {"status": 503}),
    "the vendor answered 503: it wants the request later": Why(WhyCode.TOO_EARLY, {"status": 503}),
    "the vendor answered 503: it failed": Why(WhyCode.VENDOR_FAILED, {"status": 503}),
    "the vendor answered 503: a server before it failed": Why(WhyCode.GATEWAY_FAILED, {"status": 503}),
    "the vendor answered 503: it is not available": Why(WhyCode.NOT_AVAILABLE, {"status": 503}),
    "the vendor answered 503: a server before it waited too long": Why(WhyCode.GATEWAY_LATE, {"status": 503}),
    "the vendor answered 503": Why(WhyCode.STATUS, {"status": 503}),
    "the vendor answered with another address of its API; check the API domain": Why(WhyCode.OTHER_ADDRESS),
    "the vendor answered ERROR: it does not take this request": Why(WhyCode.NOT_TAKEN),
    "the name vendor.example cannot be looked up": Why(WhyCode.NO_SUCH_NAME, {"host": "vendor.example"}),
    "the certificate of vendor.example has expired": Why(WhyCode.CERTIFICATE_EXPIRED, {"host": "vendor.example"}),
    "the certificate of vendor.example is not from an authority that this machine trusts": Why(
        WhyCode.CERTIFICATE_UNTRUSTED, {"host": "vendor.example"}
    ),
    "the certificate of vendor.example is for another name": Why(WhyCode.CERTIFICATE_NAME, {"host": "vendor.example"}),
    "the certificate of vendor.example cannot be trusted": Why(WhyCode.CERTIFICATE, {"host": "vendor.example"}),
    "vendor.example cannot be reached in time": Why(WhyCode.UNREACHABLE, {"host": "vendor.example"}),
    "no secure connection with vendor.example can be made": Why(WhyCode.NO_TLS, {"host": "vendor.example"}),
    "vendor.example does not accept connections": Why(WhyCode.NO_CONNECTION, {"host": "vendor.example"}),
    "vendor.example did not answer in time": Why(WhyCode.NO_ANSWER, {"host": "vendor.example"}),
    "vendor.example broke off the connection before its answer was complete": Why(
        WhyCode.BROKEN_OFF, {"host": "vendor.example"}
    ),
    "the site has no account key; set one: handbell site set --key-file": Why(WhyCode.NO_KEY),
    "the account key cannot be opened with the keys file; see: handbell check": Why(WhyCode.KEY_SEALED),
    "the account key is not one: it has characters that no key has, or too many; set it again": Why(
        WhyCode.MALFORMED_KEY
    ),
    "the applet cannot be written to disk": Why(WhyCode.NOT_WRITTEN),
    "the vendor could not be reached for 30 minutes": Why(WhyCode.STALE),
    "its worker died": Why(WhyCode.WORKER_DIED),
    "its worker died three times": Why(WhyCode.WORKERS_DIED),
    "parked by Sven S": Why(WhyCode.PARKED_BY, {"name": "Sven S"}),
    "the vendor answered 418": Why(WhyCode.STATUS, {"status": 418}),
    "the vendor answered 404: there is no New Session API at this address; check the API domain": Why(
        WhyCode.BAD_ADDRESS, {"status": 404}
    ),
    "parked by the command line": Why(WhyCode.PARKED_BY, {"name": "the command line"}),
    "parked by a\nb, parked by c": Why(WhyCode.PARKED_BY, {"name": "a\nb, parked by c"}),
    " did not answer in time": Why(WhyCode.NO_ANSWER, {"host": ""}),
    "something else, the vendor answered 418": None,
    "the vendor answered 418!": None,
    "": None,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_migration_carries_every_sentence_over_and_keeps_what_is_unknown(
    kind: str, request: pytest.FixtureRequest
) -> None:
    database = Database(request.getfixturevalue(f"{kind}_url"))
    database.check()
    with database.exclusive() as connection:
        connection.execute(text("SELECT 1"))  # Alembic commits when no transaction has begun
        command.upgrade(alembic_config(connection), "0005")
    database.write(put_old_rows)
    migrate(database)
    with database.read() as connection:
        for number, (sentence, why) in enumerate(OLD.items()):
            found = request_by_reference(connection, f"r{number}")
            assert found
            assert found.why == (why or Why(WhyCode.UNKNOWN, {"text": sentence})), sentence
        plain = request_by_reference(connection, "plain")
        assert plain
        assert plain.why is None
        assert connection.execute(text("SELECT channel FROM notices")).scalars().all() == ["webhook"]
    database.close()


def put_old_rows(connection: Connection) -> None:
    """Add rows as a version with schema 0005 wrote them."""
    connection.execute(
        text(
            "INSERT INTO sites (key, name, uid, disabled, options, created_at) "
            "VALUES ('default', 'Help', 'u', :no, '{}', 1)"
        ),
        {"no": False},
    )
    insert = text(
        "INSERT INTO requests (reference, site, state, backend, source, status_id, ask_customer_info, attempts, "
        "last_error, created_at) VALUES (:reference, 'default', 'parked', 'embedded', 'page', :reference, :no, 1, "
        ":sentence, 1)"
    )
    for number, sentence in enumerate(OLD):
        connection.execute(insert, {"reference": f"r{number}", "sentence": sentence, "no": False})
    connection.execute(insert, {"reference": "plain", "sentence": None, "no": False})
    connection.execute(
        text(
            "INSERT INTO notices (id, site, body, created_at, due_at, tries) VALUES ('msg_1', 'default', '{}', 1, 1, 0)"
        )
    )


def test_the_migration_has_words_of_its_own() -> None:
    """A later wording must not change the meaning of an old sentence."""
    migration = importlib.import_module("app.migrations.versions.0006_why")
    assert migration.coded("the vendor answered 403: the account key is wrong, disabled or expired") == (
        "bad_key",
        {"status": 403},
    )
    assert migration.coded("nobody ever said so") is None
