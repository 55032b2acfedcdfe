"""Checks of the answer to a refused call."""

from tests.page_client import Answer


def assert_refused(answer: Answer, status: int, *words: str, page: bool = False) -> None:
    """Check the status and words of a refusal, as a page or in the vendor's envelope, and that it is not cached."""
    assert answer.status == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    if page:
        assert answer.is_page
        said = answer.page.get_text()
    else:
        assert answer.headers["Content-Type"] == "application/json"
        body = answer.json
        said = body["errorDetails"]["errorMsg"]
        assert body == {
            "result": "ERROR",
            "details": None,
            "errorDetails": {"errorCode": status, "errorMsg": said},
        }
    assert [word for word in words if word in said] == list(words), said
