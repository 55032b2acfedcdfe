"""Sites and the configuration's generation, which tells every process that something changed."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from app.core.site import Site
from app.store.tables import configuration, sites

_BUMP = update(configuration).values(generation=configuration.c.generation + 1)
_GENERATION = select(configuration.c.generation)
_ALL = select(sites).order_by(sites.c.slug)
_CHANGE = (
    update(sites)
    .where(sites.c.slug == bindparam("which"))
    .values(name=bindparam("new_name"), disabled=bindparam("new_disabled"), options=bindparam("new_options"))
)
_CHANGE_KEY = (
    update(sites)
    .where(sites.c.slug == bindparam("which"))
    .values(uid=bindparam("new_uid"), options=bindparam("new_options"))
)


def load_generation(connection: Connection) -> int:
    """A number that increases with every change of sites, departments and technicians."""
    return int(connection.execute(_GENERATION).scalar_one())


def bump_generation(connection: Connection) -> None:
    """Tell every process to reload sites and staff."""
    connection.execute(_BUMP)


def load_sites(connection: Connection) -> list[Site]:
    """All sites by slug, disabled ones included."""
    return [_site(row) for row in connection.execute(_ALL).mappings()]


def lock_site(connection: Connection, slug: str) -> Site | None:
    """Load the site and lock it against other changes until the transaction ends."""
    row = connection.execute(_ALL.where(sites.c.slug == slug).with_for_update()).mappings().one_or_none()
    return None if row is None else _site(row)


def lock_sites(connection: Connection) -> list[Site]:
    """Load all sites and lock them against other changes until the transaction ends."""
    return [_site(row) for row in connection.execute(_ALL.with_for_update()).mappings()]


def add_site(connection: Connection, site: Site, now: datetime) -> None:
    """Store a new site. Raises IntegrityError when the slug is taken."""
    row = {
        "slug": site.slug,
        "name": site.name,
        "uid": site.uid,
        "disabled": site.disabled,
        "options": site.options(),
    }
    connection.execute(insert(sites).values(**row, created_at=now))
    bump_generation(connection)


def change_site(connection: Connection, site: Site) -> None:
    """Store the site's name and options; its account key stays (see `change_account_key`)."""
    values = {"new_name": site.name, "new_disabled": site.disabled, "new_options": site.options()}
    connection.execute(_CHANGE, {"which": site.slug, **values})
    bump_generation(connection)


def change_account_key(connection: Connection, site: Site) -> None:
    """Store the site's account key, and the options that describe it."""
    connection.execute(_CHANGE_KEY, {"which": site.slug, "new_uid": site.uid, "new_options": site.options()})
    bump_generation(connection)


def flag_unreadable(connection: Connection, slug: str) -> None:
    """Flag the site because its vendor's answers cannot be read: from now on its sessions open in the customer's
    browser."""
    site = lock_site(connection, slug)
    if site and not site.unreadable:
        change_site(connection, replace(site, unreadable=True))


def _site(row: RowMapping) -> Site:
    names = ("slug", "name", "uid", "disabled", "options")
    return Site.from_options(**{name: row[name] for name in names})
