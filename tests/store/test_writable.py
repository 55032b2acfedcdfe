"""A full or read-only disk is known before, or at, the next write."""

import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.staff import Department
from app.store.database import DATABASE_FAULTS, Database
from app.store.migrate import migrate
from app.store.sites import bump_generation
from app.store.staff import add_department
from app.store.writable import Unwritable, disk_fault
from tests.small_disk import fill, small_disk
from tests.waiting import until


@pytest.mark.slow
def test_a_full_disk_is_known_and_nothing_breaks_by_it(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, closing(Database(f"sqlite:///{disk / 'handbell.sqlite3'}")) as database:
        migrate(database)
        assert database.unwritable() is None
        filler = fill(disk)
        assert database.unwritable() is Unwritable.DISK_FULL
        big = Department(1, "x" * 4 * 1024 * 1024)
        with pytest.raises(DATABASE_FAULTS, match="full"):
            database.write(lambda connection: add_department(connection, big))
        assert database.generation() >= 1
        filler.unlink()
        database.write(bump_generation)
        assert until(lambda: database.unwritable() is None)


def test_a_read_only_disk_is_known(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        assert disk_fault(disk) is None
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        assert disk_fault(disk) is Unwritable.READ_ONLY


def test_what_a_job_did_wrong_is_no_fault_of_the_database(database: Database) -> None:
    database.write(lambda connection: add_department(connection, Department(1, "A")))
    with pytest.raises(IntegrityError):
        database.write(lambda connection: add_department(connection, Department(1, "A")))
    assert database.unwritable() is None


@pytest.mark.postgres
def test_a_postgresql_that_turns_read_only_is_known(postgresql_url: str) -> None:
    with closing(Database(postgresql_url)) as database:
        migrate(database)
        name = database.url.database
        with database.read() as connection:
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with closing(Database(postgresql_url)) as later:
        assert later.unwritable() is Unwritable.READ_ONLY
        with later.read() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    with closing(Database(postgresql_url)) as again:
        assert again.unwritable() is None
