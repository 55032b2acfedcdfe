"""Sites' logos, as we encoded them: at most one per site."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from app.store.tables import logos


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture: its bytes, their media type, and their digest in 32 hexadecimal digits."""

    digest: str
    media_type: str
    content: bytes


def keep_logo(connection: Connection, site: str, logo: Logo | None) -> None:
    """Replace the site's logo; None removes it."""
    connection.execute(delete(logos).where(logos.c.site == site))
    if logo:
        row = {"digest": logo.digest, "media_type": logo.media_type, "content": logo.content}
        connection.execute(insert(logos).values(site=site, **row))


def find_logo(connection: Connection, site: str, digest: str) -> Logo | None:
    """The site's logo, if it has this digest."""
    row = connection.execute(select(logos).where(logos.c.site == site, logos.c.digest == digest)).one_or_none()
    return None if row is None else Logo(row.digest, row.media_type, row.content)
