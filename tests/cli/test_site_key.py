"""`handbell site uid`."""

import uuid

from app.store.audit import acts
from tests.cli.command import Handbell
from tests.conftest import UID


def test_a_key_is_shown_made_anew_and_revoked(filled: Handbell) -> None:
    assert filled.says("site", "uid", "default") == f"{UID}\n"
    rotated = filled.run("site", "uid", "default", "--rotate", "--keep-old")
    new = rotated.stdout.strip()
    assert uuid.UUID(new).version == 4
    assert "the old one works until" in rotated.stderr
    shown = filled.json("site", "show", "default")
    assert shown["uid"] == new != UID
    assert (shown["uid_revoked"], "old_uid" in shown, bool(shown["old_uid_until"])) == (False, False, True)
    assert filled.says("site", "uid", "default", "--end-old") == f"{new}\n"
    assert filled.says("site", "uid", "default", "--revoke").startswith("revoked")
    assert filled.json("site", "show", "default")["uid"] is None
    assert filled.says("site", "uid", "default").startswith("revoked")
    last = filled.says("site", "uid", "default", "--rotate").strip()
    assert last not in (UID, new)
    with filled.database() as database, database.read() as connection:
        noted = [(act.who, act.act) for act in reversed(acts(connection))]
    assert noted == [(None, f"account_key.{act}") for act in ("renewed", "old_ended", "revoked", "renewed")], (
        "and looking is not noted here"
    )


def test_a_mistake_is_one_line(filled: Handbell) -> None:
    assert "there is no site x" in filled.fails("site", "uid", "x")
    assert "there is no site x" in filled.fails("site", "uid", "x", "--rotate")
    for wrong in (["--rotate", "--revoke"], ["--keep-old"], ["--revoke", "--keep-old"], ["--end-old", "--rotate"]):
        assert "take one of" in filled.fails("site", "uid", "default", *wrong)
    assert filled.says("site", "uid", "default") == f"{UID}\n"
