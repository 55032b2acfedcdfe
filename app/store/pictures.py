"""Pictures of requests; their bytes are kept files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from app.core.picture import RequestPicture
from app.store.files import abandon_files
from app.store.tables import request_pictures

_p = request_pictures.c
_MOST = 500  # rows in one transaction


def add_picture(connection: Connection, picture: RequestPicture) -> None:
    """Add a picture. Raises IntegrityError when its form has one at this position."""
    values = {column.name: getattr(picture, column.name) for column in request_pictures.columns}
    connection.execute(insert(request_pictures).values(values))


def pictures_of_form(connection: Connection, form: str) -> list[RequestPicture]:
    """The pictures that were added to this form, whether or not it has become a request."""
    return _found(connection, _p.form == form)


def pictures_of_request(connection: Connection, reference: str) -> list[RequestPicture]:
    """The pictures of a request."""
    return _found(connection, _p.reference == reference)


def picture_by_id(connection: Connection, reference: str, picture_id: str) -> RequestPicture | None:
    """The request's picture with this id."""
    return next(iter(_found(connection, _p.reference == reference, _p.id == picture_id)), None)


def bytes_of_pictures(connection: Connection) -> int:
    """Bytes of all pictures together."""
    return int(connection.execute(select(func.coalesce(func.sum(_p.size), 0))).scalar_one())


def give_to_request(connection: Connection, form: str, reference: str) -> None:
    """Let the pictures that were added to this form be those of the request."""
    connection.execute(
        update(request_pictures).where(_p.form == form, _p.reference.is_(None)).values(reference=reference)
    )


def remove_pictures(connection: Connection, form: str, ids: Sequence[str]) -> None:
    """Remove pictures of a form that has not become a request."""
    _remove(connection, _p.form == form, _p.id.in_(ids), _p.reference.is_(None))


def remove_pictures_of(connection: Connection, references: Sequence[str]) -> None:
    """Remove all pictures of these requests. Their bytes are removed by `store.files.remove_old_chunks`."""
    _remove(connection, _p.reference.in_(references))


def remove_unsent(connection: Connection, added_before: datetime) -> int:
    """Remove pictures of forms that were not sent since this time; returns how many."""
    old = select(_p.id).where(_p.reference.is_(None), _p.at < added_before).limit(_MOST)
    ids = list(connection.execute(old).scalars())
    return _remove(connection, _p.id.in_(ids)) if ids else 0


def _remove(connection: Connection, *which: Any) -> int:
    rows = connection.execute(select(_p.id, _p.kept).where(*which)).all()
    if rows:
        connection.execute(delete(request_pictures).where(_p.id.in_([row.id for row in rows])))
        abandon_files(connection, [row.kept for row in rows])
    return len(rows)


def _found(connection: Connection, *which: Any) -> list[RequestPicture]:
    query = select(request_pictures).where(*which).order_by(_p.at, _p.position)
    return [_picture(row) for row in connection.execute(query)]


def _picture(row: Row[Any]) -> RequestPicture:
    return RequestPicture(**row._mapping)
