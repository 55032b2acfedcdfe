"""How often the New Session API may be called: by one client, and with one account's key."""

from app.core.site import Site
from app.edge.incoming import client_address
from app.edge.this_app import running
from app.process.limits import CALLS_BY_FORM, SESSIONS_OF_ACCOUNT, SESSIONS_OF_CLIENT, SHARE_OF_ACCOUNT


def wait_of_client(site: Site | None, *, by_form: bool) -> int | None:
    """Count a call of this client, with any key; whole seconds to wait when it was one too many.

    A client of the form flavour has 60 calls in ten minutes, as at our own forms. Servers of the `site` with this key,
    trusted networks and clients of the REST flavour have the account's rate, of which one client takes half at most.
    """
    rates, address = running().rates, client_address()
    if by_form and not _is_trusted(site, address):
        return rates.client_retry_after(CALLS_BY_FORM, address, "client by form")
    wait = rates.client_retry_after(SESSIONS_OF_CLIENT, address, "client")
    if wait is None and site is not None:
        wait = rates.client_retry_after(SHARE_OF_ACCOUNT, address, "share", site.slug)
    return wait


def wait_of_account(site: Site) -> int | None:
    """Count a call with this account's key; whole seconds to wait when it was one too many."""
    return running().rates.retry_after(SESSIONS_OF_ACCOUNT, "account", site.slug)


def _is_trusted(site: Site | None, address: str) -> bool:
    return running().client_limits.is_trusted(address) or (site is not None and site.has_server_at(address))
