"""Ready answers of the desk and of technicians."""

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from app.core.ready_answer import ReadyAnswer
from app.store.tables import ready_answers as table


def answers_of(connection: Connection, owner: int | None) -> list[ReadyAnswer]:
    """The answers of one technician, or with None those of the desk, by name."""
    query = select(table).where(table.c.technician_id.is_not_distinct_from(owner))
    return _by_name([_known(row) for row in connection.execute(query)])


def answers_for(connection: Connection, technician_id: int) -> list[ReadyAnswer]:
    """The answers that a technician may send: their own and the desk's, by name."""
    query = select(table).where(or_(table.c.technician_id == technician_id, table.c.technician_id.is_(None)))
    return _by_name([_known(row) for row in connection.execute(query)])


def one_answer(connection: Connection, answer_id: int, owner: int | None, *, lock: bool = False) -> ReadyAnswer | None:
    """The answer with this id, if it is this owner's; with `lock`, locked until this transaction ends."""
    query = select(table).where(table.c.id == answer_id, table.c.technician_id.is_not_distinct_from(owner))
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _known(row)


def count_answers(connection: Connection, owner: int | None) -> int:
    """How many answers this owner has."""
    query = select(func.count()).select_from(table).where(table.c.technician_id.is_not_distinct_from(owner))
    return connection.execute(query).scalar_one()


def add_answer(connection: Connection, answer: ReadyAnswer) -> int:
    """Store a new answer and return its id."""
    values = {"technician_id": answer.owner, "name": answer.name, "texts": dict(answer.texts), "version": 1}
    return int(connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one())


def change_answer(connection: Connection, answer: ReadyAnswer) -> None:
    """Store the answer's name and texts, and its next version."""
    change = update(table).where(table.c.id == answer.id)
    connection.execute(change.values(name=answer.name, texts=dict(answer.texts), version=table.c.version + 1))


def remove_answer(connection: Connection, answer_id: int) -> None:
    """Delete the answer."""
    connection.execute(delete(table).where(table.c.id == answer_id))


def _by_name(answers: list[ReadyAnswer]) -> list[ReadyAnswer]:
    return sorted(answers, key=lambda answer: (answer.name.casefold(), answer.id))


def _known(row: Row[tuple[object, ...]]) -> ReadyAnswer:
    values = row._mapping
    return ReadyAnswer(values["name"], values["texts"], values["technician_id"], values["id"], values["version"])
