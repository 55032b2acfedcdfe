"""`handbell check` tries STUN servers and relays for real, and says what it found."""

from pathlib import Path

import pytest

from tests.cli.command import Handbell
from tests.coturn import SECRET, coturn


def lines(handbell: Handbell, **settings: str) -> tuple[list[str], int]:
    done = handbell.run("check", **settings)
    return [line for line in done.stdout.splitlines() if line.startswith(("stun", "turn", "warning"))], done.returncode


def test_check_says_what_is_missing_without_any(filled: Handbell) -> None:
    filled.says("site", "set", "default", "--relay-only")
    told, status = lines(filled)
    assert status == 0
    assert [line[:16] for line in told] == ["stun       none:", "turn       none;", "warning    defau"]


@pytest.mark.slow
def test_check_tries_them(filled: Handbell, tmp_path: Path) -> None:
    with coturn(tmp_path) as relay:
        at = f"127.0.0.1:{relay.port}"
        relays = {"HANDBELL_STUN": f"stun:{at}", "HANDBELL_TURN": f"turn:{at},turn:{at}?transport=tcp"}
        assert lines(filled, **relays, HANDBELL_TURN_SECRET=SECRET) == (
            [
                f"stun       stun:{at}: good, sees us at 127.0.0.1",
                f"turn       turn:{at}: good, relays from 127.0.0.1",
                f"turn       turn:{at}?transport=tcp: good, relays from 127.0.0.1",
            ],
            0,
        )
        told, status = lines(filled, **relays, HANDBELL_TURN_SECRET="another-secret-altogether")
        assert status == 1
        assert "it refuses our credentials" in told[1]
