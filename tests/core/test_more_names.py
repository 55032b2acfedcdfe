"""Names of fields as frameworks write them, as people read them."""

import pytest

from app.core.bodies import decoded_form
from app.core.more import readable_name, short_list


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Room", "Room"),
        ("interests[]", "interests"),
        ("ctl00$Main$txtRoomNumber", "Room Number"),
        ("ctl00$ContentPlaceHolder1$ddlFloor", "Floor"),
        ("ctl00$Main$Telefon", "Telefon"),
        ("ctl00$Main$txt", "txt"),
        ("ctl00$Main$btnSend", ""),
        ("ctl00$Main$hfToken", ""),
    ],
)
def test_names_without_what_a_framework_adds(written: str, read: str) -> None:
    assert readable_name(written) == read


def test_buttons_and_state_of_a_framework_are_left_out() -> None:
    sent = [("__VIEWSTATE", "dDw="), ("ctl00$M$txtRoom", "4"), ("ctl00$M$btnSend", "Send"), ("toppings[]", "x")]
    assert short_list(sent) == (("Room", "4"), ("toppings", "x"))


def test_characters_that_the_encoding_lacks_are_read() -> None:
    sent = [(b"Room", b"&#8470; 4 &#55296; &#233;"), (b"_charset_", b"windows-1252")]
    assert decoded_form(sent, None).pairs[0] == ("Room", "№ 4 &#55296; &#233;")
    assert decoded_form([(b"Room", b"&#8470;")], None).pairs == [("Room", "&#8470;")]  # typed so on a page in UTF-8
