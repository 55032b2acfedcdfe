"""Log-in data: the password, the second factor, and the recovery codes that replace a lost one."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from app.store.tables import recovery_codes, technicians


@dataclass(frozen=True, slots=True)
class LogInAccount:
    """An account as log-in needs it. `sealed_totp` is None without a second factor; `totp_step` is the last step whose
    code was used."""

    id: int
    email: str
    password_hash: str | None
    disabled: bool
    sealed_totp: str | None
    totp_step: int | None


_ALL = select(
    technicians.c.id,
    technicians.c.email,
    technicians.c.password_hash,
    technicians.c.disabled,
    technicians.c.sealed_totp,
    technicians.c.totp_step,
)
_WITH_SECOND_FACTOR = _ALL.where(technicians.c.sealed_totp.is_not(None)).order_by(technicians.c.email)


def account(connection: Connection, technician_id: int) -> LogInAccount | None:
    """The account as stored now."""
    row = connection.execute(_ALL.where(technicians.c.id == technician_id)).one_or_none()
    return None if row is None else LogInAccount(*row)


def lock_account(connection: Connection, technician_id: int) -> LogInAccount | None:
    """Load the account and lock it against changes until the transaction ends."""
    query = _ALL.where(technicians.c.id == technician_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else LogInAccount(*row)


def accounts_with_second_factor(connection: Connection) -> list[LogInAccount]:
    """Accounts that have a second factor, sorted by mail address."""
    return [LogInAccount(*row) for row in connection.execute(_WITH_SECOND_FACTOR)]


def lock_accounts_with_second_factor(connection: Connection) -> list[LogInAccount]:
    """Load these accounts and lock them against changes until the transaction ends."""
    return [LogInAccount(*row) for row in connection.execute(_WITH_SECOND_FACTOR.with_for_update())]


def change_password(connection: Connection, technician_id: int, password_hash: str) -> None:
    """Store a password that its owner has chosen."""
    change = update(technicians).where(technicians.c.id == technician_id)
    connection.execute(change.values(password_hash=password_hash, password_temporary=False))


def set_second_factor(connection: Connection, technician_id: int, sealed_totp: str, step: int) -> None:
    """Store a second factor; its code for `step` counts as used."""
    change = update(technicians).where(technicians.c.id == technician_id)
    connection.execute(change.values(sealed_totp=sealed_totp, totp_step=step))


def reseal_second_factor(connection: Connection, technician_id: int, sealed_totp: str) -> None:
    """Store the same second factor under another key."""
    change = update(technicians).where(technicians.c.id == technician_id)
    connection.execute(change.values(sealed_totp=sealed_totp))


def forget_second_factor(connection: Connection, technician_id: int) -> bool:
    """Remove the second factor and its recovery codes; False when there was none."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.technician_id == technician_id))
    change = update(technicians).where(technicians.c.id == technician_id, technicians.c.sealed_totp.is_not(None))
    return connection.execute(change.values(sealed_totp=None, totp_step=None)).rowcount == 1


def take_step(connection: Connection, technician_id: int, step: int) -> bool:
    """Use the code of this step; False when this or a later step was used before."""
    unused = or_(technicians.c.totp_step.is_(None), technicians.c.totp_step < step)
    change = update(technicians).where(technicians.c.id == technician_id, unused)
    return connection.execute(change.values(totp_step=step)).rowcount == 1


def replace_recovery_codes(connection: Connection, technician_id: int, code_hashes: Iterable[str]) -> None:
    """Replace the account's recovery codes by these."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.technician_id == technician_id))
    rows = [{"technician_id": technician_id, "code_hash": each} for each in code_hashes]
    connection.execute(insert(recovery_codes), rows)


def a_recovery_code(connection: Connection, technician_id: int, begins: str) -> str | None:
    """Any one of the account's stored codes that begins with `begins`."""
    query = select(recovery_codes.c.code_hash).where(
        recovery_codes.c.technician_id == technician_id, recovery_codes.c.code_hash.startswith(begins, autoescape=True)
    )
    return connection.execute(query.limit(1)).scalar_one_or_none()


def use_recovery_code(connection: Connection, technician_id: int, hashes: Iterable[str]) -> bool:
    """Use up a recovery code, known by any of these hashes; False when there is none."""
    which = delete(recovery_codes).where(
        recovery_codes.c.technician_id == technician_id, recovery_codes.c.code_hash.in_(list(hashes))
    )
    return connection.execute(which).rowcount == 1


def recovery_codes_left(connection: Connection, technician_id: int) -> int:
    """Number of unused recovery codes."""
    query = select(func.count()).where(recovery_codes.c.technician_id == technician_id)
    return int(connection.execute(query).scalar_one())
