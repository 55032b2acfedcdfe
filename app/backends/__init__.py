"""Ways to open a session, one file each."""

from pathlib import Path

from app.backends.take_control import TakeControl
from app.backends.take_control_rest import TakeControlRest
from app.backends.vendor_call import VendorCalls
from app.core.site import TAKE_CONTROL_REST, Site
from app.core.vendor_address import VendorAddresses


def open_backend(site: Site, key: str, calls: VendorCalls, folder: Path) -> TakeControl | TakeControlRest:
    """The server's way to the site's vendor account, whose key is `key`: the form flavour unless the site says REST.

    `folder` is where applets that come as the answer are kept: the file is named after `AppletFile.id`. Raises
    ValueError for a site whose API domain is missing or cannot be used, which `Site.problems()` tells of.
    """
    vendor = VendorAddresses.of(site.api_domain or "", site.applet_hosts)
    kind = TakeControlRest if site.backend == TAKE_CONTROL_REST else TakeControl
    return kind(key, vendor, calls, folder)
