"""Changes to ready answers. Each is one transaction with its row in the audit log, which holds names and languages, no
texts. An answer's `owner` is a technician's id, None for the desk's."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.core.ready_answer import ANY_LANGUAGE, MOST_ANSWERS, ReadyAnswer
from app.store import ready_answers as store
from app.store.audit import record
from app.store.database import Database


class NotThere(Exception):
    """The owner has no such answer."""


class TooMany(Exception):
    """The owner has as many answers as can be kept."""


class ChangedMeanwhile(Exception):
    """The answer has changed since the form was shown."""


def add_answer(database: Database, answer: ReadyAnswer, *, by: int, now: datetime) -> int:
    """Keep a new answer and return its id. Raises TooMany."""

    def add(connection: Connection) -> int:
        if store.count_answers(connection, answer.owner) >= MOST_ANSWERS:
            raise TooMany
        number = store.add_answer(connection, answer)
        record(connection, "answer.added", answer.name, _of(answer), by=by, now=now)
        return number

    return database.write(add)


def change_answer(database: Database, answer: ReadyAnswer, *, by: int, now: datetime) -> None:
    """Change an answer's name and texts; its `version` is the one that the form showed.

    Raises NotThere, and ChangedMeanwhile when there is another version.
    """

    def change(connection: Connection) -> None:
        was = _existing(connection, answer.id, answer.owner)
        if was.version != answer.version:
            raise ChangedMeanwhile
        if replace(was, name=answer.name, texts=answer.texts) == was:
            return
        store.change_answer(connection, answer)
        name = {"name": [was.name, answer.name]} if was.name != answer.name else {}
        detail = {**_of(answer), **name, "changed": _written(_changed(was, answer))}
        record(connection, "answer.changed", answer.name, detail, by=by, now=now)

    database.write(change)


def remove_answer(database: Database, answer_id: int, owner: int | None, *, by: int, now: datetime) -> None:
    """Delete an answer. Raises NotThere."""

    def remove(connection: Connection) -> None:
        was = _existing(connection, answer_id, owner)
        store.remove_answer(connection, answer_id)
        record(connection, "answer.removed", was.name, _of(was), by=by, now=now)

    database.write(remove)


def _existing(connection: Connection, answer_id: int, owner: int | None) -> ReadyAnswer:
    found = store.one_answer(connection, answer_id, owner, lock=True)
    if found is None:
        raise NotThere
    return found


def _of(answer: ReadyAnswer) -> dict[str, Any]:
    return {"of": "desk" if answer.owner is None else "technician", "languages": " ".join(answer.languages)}


def _changed(was: ReadyAnswer, now: ReadyAnswer) -> list[str]:
    """The languages whose text is another one."""
    return sorted(tag for tag in {*was.texts, *now.texts} if was.texts.get(tag) != now.texts.get(tag))


def _written(tags: list[str]) -> str:
    return " ".join("any" if tag == ANY_LANGUAGE else tag for tag in tags)
