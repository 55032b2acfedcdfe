"""Change a site: one transaction, fenced against concurrent changes, with its line in the audit log."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from app.actions.seed import new_uid
from app.core.fact import Fact
from app.core.site import Site
from app.core.site_change import SiteChange, change_options, marked, only_new, what_changed
from app.core.targets import Targets, called_hosts, not_public
from app.store import sites as store
from app.store.audit import record
from app.store.database import Database
from app.store.logos import Logo, keep_logo


class NoSuchSite(Exception):
    """No site has this slug."""


class SlugTaken(Exception):
    """Another site has this slug already."""


class NotGood(Exception):
    """The site cannot be saved like this: `problems` are facts, as returned by `Site.problems`."""

    def __init__(self, problems: Collection[Fact]) -> None:
        super().__init__("; ".join(f"{problem.field}: {problem.code}" for problem in problems))
        self.problems = list(problems)


class ChangedMeanwhile(Exception):
    """The same options have changed since the form was shown; `site` is the current version."""

    def __init__(self, site: Site) -> None:
        super().__init__("somebody else has changed this meanwhile")
        self.site = site


class NoWebhook(Exception):
    """The site has no webhook, so it can have no webhook secret."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The options of a site that a form showed, by name, and their mark (see `marked`)."""

    options: tuple[str, ...]
    mark: str

    def still_holds(self, site: Site) -> bool:
        """Whether these options are unchanged."""
        return marked(site, self.options) == self.mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The wanted changes of a site: `options` by name, including `name` and `disabled`.

    With `seen`, only differing options count, and only while they are unchanged by others. `sealed` answers further
    options, sealed in the transaction that stores them; its `sealed_webhook_secret` is used when a webhook needs a new
    secret, and `renew_secret` forces that. `logo` replaces the picture when `options` names its digest.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    seen: Seen | None = None
    sealed: Callable[[Connection], Mapping[str, Any]] = lambda _connection: {}
    renew_secret: bool = False
    logo: Logo | None = None


def add_site(database: Database, slug: str, name: str, *, by: int | None, now: datetime) -> Site:
    """Add a site, with an account key at the embedded desk. Raises NotGood or SlugTaken."""
    site = Site(slug=slug, name=name, uid=new_uid())
    if problems := site.problems():
        raise NotGood(problems)

    def add(connection: Connection) -> None:
        store.add_site(connection, site, now)
        record(connection, "site.added", f"site {slug}", {"name": name}, by=by, now=now)

    try:
        database.write(add)
    except IntegrityError:
        raise SlugTaken(slug) from None
    return site


def change_site(
    database: Database, slug: str, wanted: Wanted, *, by: int | None, now: datetime, targets: Targets
) -> tuple[SiteChange, list[str]]:
    """Change the site as it is now. Returns the change and the names of the options that differ, as operators know
    them.

    A new address that `targets` exclude is refused. A host name passes: it is judged at each call.
    Raises NoSuchSite, ChangedMeanwhile, NoWebhook or NotGood, and then changes nothing.
    """

    def change(connection: Connection) -> tuple[SiteChange, list[str]]:
        sealed = dict(wanted.sealed(connection))  # before the site is locked: see `sealer_in`
        secret = sealed.pop("sealed_webhook_secret", None)
        if (found := store.lock_site(connection, slug)) is None:
            raise NoSuchSite(slug)
        options = _still_wanted(found, wanted, {**wanted.options, **sealed})
        changed = change_options(found, options, sealed_secret=secret, renew_secret=wanted.renew_secret)
        if wanted.renew_secret and not changed.site.webhook:
            raise NoWebhook(slug)
        # A site may lose its account's key or domain at any time, but may not switch to a vendor without them.
        _refuse_bad(changed.site, () if "backend" in options else changed.site.missing())
        _refuse_targets(found, changed.site, targets)
        told = what_changed(found, changed.site)
        names = sorted(told)
        if not names:
            return changed, names
        store.change_site(connection, changed.site)
        if "logo" in names:
            keep_logo(connection, slug, wanted.logo)
        record(connection, "site.changed", f"site {slug}", told, by=by, now=now)
        return changed, names

    return database.write(change)


def _still_wanted(site: Site, wanted: Wanted, options: dict[str, Any]) -> dict[str, Any]:
    """The options to set. A form that is sent twice finds them set already, which is no conflict."""
    if wanted.seen is None:
        return options
    new = only_new(site, options)
    if (new or wanted.renew_secret) and not wanted.seen.still_holds(site):
        raise ChangedMeanwhile(site)
    return new


def _refuse_targets(before: Site, after: Site, targets: Targets) -> None:
    known = called_hosts(before).items()
    new = {option: host for option, host in called_hosts(after).items() if (option, host) not in known}
    if problems := not_public(new, targets.permit_host):
        raise NotGood(problems)


def _refuse_bad(site: Site, forgiven: Collection[Fact]) -> None:
    if problems := [problem for problem in site.problems() if problem not in forgiven]:
        raise NotGood(problems)
