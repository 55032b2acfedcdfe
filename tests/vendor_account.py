"""Gives the site `default` an account at a server of the test's."""

from dataclasses import replace

from app.core.site import Site
from app.keys.seal import Sealer
from app.process.running import Running
from app.store.sites import change_site
from tests.backends.loopback import Loopback

KEY = "canary+key/0123456789=="


def set_vendor(here: Running, server: Loopback, backend: str = "take-control") -> Site:
    sealed = Sealer(here.keys._secrets).seal(KEY)
    site = replace(here.desk.sites["default"], backend=backend, api_domain=server.address, sealed_key=sealed)
    here.database.write(lambda connection: change_site(connection, site))
    return site
