"""What the request page says that a technician will do: only what the site's backend can."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic

from app.actions.applet_program import platforms_with_program
from app.core.platform import Platform
from app.core.site import Site
from app.edge.this_app import running
from app.web.links import asked_platform
from app.web.words import _, is_reworded

_LOOK_EVERY = 5  # seconds


@dataclass(frozen=True, slots=True)
class Promise:
    """The sentence above the steps, and that of the step in which the technician joins."""

    lead: str
    joins: str


def only_talks(site: Site) -> bool:
    """Whether technicians of this site talk and look, but cannot act on this customer's computer: neither a vendor's
    applet nor an operator's program for its system is handed out."""
    if not site.at_desk:
        return False
    programs = _programs(running().settings.applets_dir, int(monotonic()) // _LOOK_EVERY)
    return not programs or asked_platform() not in programs


@lru_cache(maxsize=4)
def _programs(folder: Path, _period: int) -> Collection[Platform]:
    """The systems for which the operator has a program: looked up once in a period, as the page is served often."""
    return frozenset(platforms_with_program(folder))


def promise(*, talks: bool) -> Promise:
    """The sentences for technicians who only talk and look, or who act too. A site's own words count for both."""
    acts = Promise(
        _("A technician will help you on your own screen. This is what happens:"),
        _("You see what they do, and can end it at any time."),
    )
    if not talks:
        return acts
    own_lead = is_reworded("A technician will help you on your own screen. This is what happens:")
    own_joins = is_reworded("You see what they do, and can end it at any time.")
    return Promise(
        acts.lead if own_lead else _("A technician will go through it with you. This is what happens:"),
        acts.joins if own_joins else _("They see your screen only if you show it."),
    )
