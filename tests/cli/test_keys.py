"""`handbell keys …`."""

from datetime import UTC, datetime

from app.keys.key_file import ensure_keys
from tests.cli.command import Handbell


def test_keys_are_listed_without_secrets_rotated_and_revoked(handbell: Handbell) -> None:
    path = handbell.data / "keys"
    ensure_keys(path, datetime.now(UTC))
    (first,) = handbell.json("keys", "list")
    assert (first["signs"], first["valid"], set(first)) == (True, True, {"kid", "made_at", "signs", "valid"})
    fresh = handbell.says("keys", "rotate").split()[-1]
    listed = handbell.says("keys", "list", "--json")
    assert [line.split(":")[1] in listed for line in path.read_text().split()] == [False, False]
    assert [(fresh in listed), (first["kid"] in listed)] == [True, True]
    handbell.says("keys", "revoke", first["kid"])
    assert [row["kid"] for row in handbell.json("keys", "list")] == [fresh]
    assert handbell.fails("keys", "revoke", first["kid"]).startswith(f"handbell: no key {first['kid']}")


def test_no_keys_file_is_one_line(handbell: Handbell) -> None:
    assert "cannot read the keys file" in handbell.fails("keys", "rotate")
