"""Take Control's New Session API, form flavour, called by the customer's own browser."""

from app.backends.declaring import Backend
from app.backends.take_control import ACCOUNT_KEY, API_DOMAIN, attempt, browser_call
from app.core.declaration import N_, Opener

BACKEND = Backend(
    name="take-control-browser",
    label=N_("Take Control account, from the customer’s browser"),
    opener=Opener.BROWSER,
    options=(API_DOMAIN, ACCOUNT_KEY),
    browser_call=browser_call,
    attempt=attempt,
)
