"""Sites as rows."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from app.core.customer_info import AskPolicy
from app.core.site import Site
from app.store.database import Database
from app.store.sites import add_site, change_site, load_sites
from tests.store.rows import NOW

SITE = Site(
    slug="b", name="Zoë's", uid="u-b", ask_customer_info=AskPolicy.CUSTOMER, offer_departments=(10, 20), phone="1"
)


def test_sites_are_kept_with_all_options_and_listed_by_slug(database: Database) -> None:
    for site in (SITE, replace(SITE, slug="a", uid="u-a")):
        database.write(lambda connection, site=site: add_site(connection, site, NOW))
    with database.read() as connection:
        assert load_sites(connection) == [replace(SITE, slug="a", uid="u-a"), SITE]


def test_a_changed_site_keeps_its_slug_and_account_key(database: Database) -> None:
    database.write(lambda connection: add_site(connection, SITE, NOW))
    changed = replace(SITE, name="New", disabled=True, phone=None, required=("customer_name",), one_time_links=True)
    database.write(lambda connection: change_site(connection, changed))
    with database.read() as connection:
        assert load_sites(connection) == [changed]


@pytest.mark.parametrize("same", ["slug", "uid"])
def test_no_two_sites_share_a_slug(database: Database, same: str) -> None:
    database.write(lambda connection: add_site(connection, SITE, NOW))
    other = replace(SITE, **({"uid": "other"} if same == "slug" else {"slug": "other"}))
    with pytest.raises(IntegrityError):
        database.write(lambda connection: add_site(connection, other, NOW))
