"""Version n beside n+1 on one database: hosts are upgraded one after the other under load.

n+1 is this checkout with one more migration, which adds a table and a column. A host of n restarts in the middle.
"""

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from app.store.migrate import HEAD
from tests.faults.hosts import Service
from tests.faults.scene import Scene, scene
from tests.own_postgresql import own_postgresql
from tests.profile import PROFILE
from tests.project_copy import PROJECT
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
_NEXT = "9999"
_FIRST, _MIDDLE, _LAST = "n+1 beside n", "n restarts", "all n+1"
_MIGRATION = f'''
"""What the next version adds."""

import sqlalchemy as sa
from alembic import op

revision = "{_NEXT}"
down_revision = "{HEAD}"
compatible_from = "{HEAD}"


def upgrade() -> None:
    op.create_table("of_tomorrow", sa.Column("id", sa.Integer(), primary_key=True))
    for table in ("requests", "tickets"):
        op.add_column(table, sa.Column("of_tomorrow", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("many", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_of_tomorrow", "tickets", ["of_tomorrow"])
'''


def next_version(folder: Path) -> Path:
    """A copy of the project with one more migration."""
    shutil.copytree(PROJECT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("templates", "static", "gunicorn.conf.py", "pyproject.toml"):
        (folder / part).symlink_to(PROJECT / part)
    (folder / "app" / "migrations" / "versions" / f"{_NEXT}_tomorrow.py").write_text(_MIGRATION, "utf-8")
    program = folder / "app" / "store" / "migrate.py"
    source = program.read_text("utf-8")
    assert f'HEAD = "{HEAD}"' in source
    program.write_text(source.replace(f'HEAD = "{HEAD}"', f'HEAD = "{_NEXT}"'), "utf-8")
    return folder


def schema(here: Scene) -> str:
    with here.hosts.database() as database:
        return str(database.glance("SELECT version_num FROM alembic_version")[0])


def replace_process(service: Service) -> None:
    """Let one web process of this host end, and another one take its place."""
    old = random.choice(service.children)
    os.kill(old, signal.SIGTERM)
    assert until(lambda: old not in service.children and len(service.children) == 2)


def test_hosts_are_upgraded_one_after_the_other_and_nobody_is_refused(tmp_path: Path) -> None:
    path = str(next_version(tmp_path / "next"))
    begins = {} if PROFILE.upgrades_all else {"PYTHONPATH": path}
    with own_postgresql() as server, scene(tmp_path / "hosts", server.url, [begins]) as here, here.calls() as callers:
        first, second = here.hosts.web
        with callers.during(_FIRST):
            if PROFILE.upgrades_all:
                assert schema(here) == HEAD
                first.environment["PYTHONPATH"] = path
                here.restart(first)
            assert schema(here) == _NEXT
        with callers.during(_MIDDLE):
            if PROFILE.upgrades_all:
                replace_process(second)
            here.restart(second)
            assert '"event": "schema_newer"' in second.log_file.read_text("utf-8")
        with callers.during(_LAST):
            if PROFILE.upgrades_all:
                second.environment["PYTHONPATH"] = path
                here.restart(second)
        callers.stop()
        told = here.outcomes(callers, _FIRST, _MIDDLE, _LAST)
        assert [one.row for one in told if one.failed] == []
        assert "database_fault" not in here.hosts.logs
