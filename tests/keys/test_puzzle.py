"""The check: accepted only if it is ours, for its site and in time; other answers are refused."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.keys.puzzle import LIFE, Puzzles

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OLD, NEW = b"a" * 31 + b"1", b"b" * 31 + b"2"


def solve(challenge: dict[str, Any]) -> dict[str, Any]:
    asked = altcha.Challenge.from_dict(challenge)
    solved = altcha.solve_challenge(asked)
    assert solved
    return altcha.Payload(asked, solved).to_dict()


def packed(payload: object) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


@pytest.fixture(scope="module")
def solved() -> dict[str, Any]:
    return solve(Puzzles([OLD]).new_check("default", NOW))


@pytest.mark.slow
def test_an_answer_counts_for_its_site_and_in_time(solved: dict[str, Any]) -> None:
    puzzles = Puzzles([OLD])
    found = puzzles.solved("default", packed(solved), NOW)
    assert found
    assert (found.id, found.expires_at) == (solved["challenge"]["parameters"]["nonce"], NOW + LIFE)
    assert puzzles.solved("other", packed(solved), NOW) is None
    assert puzzles.solved("default", packed(solved), NOW + LIFE - timedelta(seconds=1))
    assert puzzles.solved("default", packed(solved), NOW + LIFE) is None


def test_an_answer_survives_a_rotation_and_not_a_revocation(solved: dict[str, Any]) -> None:
    assert Puzzles([NEW, OLD]).solved("default", packed(solved), NOW)
    assert Puzzles([NEW]).solved("default", packed(solved), NOW) is None


def test_every_spelling_of_an_answer_is_the_same_check(solved: dict[str, Any]) -> None:
    puzzles = Puzzles([OLD])
    spellings = [
        packed(solved),
        packed({**solved, "x": 1}),
        packed({**solved, "solution": {**solved["solution"], "time": 1}}),
    ]
    assert len({found.id for spelling in spellings if (found := puzzles.solved("default", spelling, NOW))}) == 1


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("solution", {"derivedKey": "00" * 32}),
        ("solution", {"derivedKey": 7}),
        ("challenge", {"signature": None}),
        ("challenge", {"signature": "00"}),
        ("parameters", {"cost": 1}),
        ("parameters", {"keySignature": None}),
        ("parameters", {"keyPrefix": ""}),
        ("parameters", {"nonce": "00" * 16}),
        ("parameters", {"data": {"site": "default", "ends": 9999999999}}),
        ("parameters", {"data": None}),
    ],
)
def test_a_changed_answer_counts_for_nothing(solved: dict[str, Any], part: str, change: dict[str, Any]) -> None:
    forged = json.loads(json.dumps(solved))
    (forged["challenge"]["parameters"] if part == "parameters" else forged[part]).update(change)
    assert Puzzles([OLD]).solved("default", packed(forged), NOW) is None


def test_a_challenge_of_somebody_elses_making_counts_for_nothing() -> None:
    theirs = altcha.create_challenge("PBKDF2/SHA-256", 1, counter=1, data={"site": "default", "ends": 9999999999})
    assert Puzzles([OLD]).solved("default", packed(solve(theirs.to_dict())), NOW) is None


@pytest.mark.slow
@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: base64.b64encode(raw).decode()))
def test_any_text_is_only_wrong(text: str) -> None:
    assert Puzzles([OLD]).solved("default", text, NOW) is None


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        7,
        "x",
        {},
        {"challenge": None},
        {"challenge": {"parameters": []}, "solution": []},
        {"challenge": {"parameters": {"algorithm": 1}}},
    ],
)
def test_any_json_is_only_wrong(payload: object) -> None:
    assert Puzzles([OLD]).solved("default", packed(payload), NOW) is None
    assert Puzzles([OLD]).solved("default", "x" * 5000, NOW) is None
