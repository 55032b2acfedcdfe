"""The forms of a site's console pages, filled in and sent as a browser does."""

from typing import Any

from tests.page_client import Answer, PageClient

BASE = "/console/sites/default"


def fields_of(form: Any) -> dict[str, Any]:
    """The values that a browser would send from the unchanged form."""
    sent: dict[str, Any] = {}
    for control in form.select("input[name], select[name], textarea[name]"):
        name, kind = control["name"], control.get("type")
        if kind in ("checkbox", "radio"):
            if control.has_attr("checked"):
                sent.setdefault(name, []).append(control["value"])
        elif control.name == "select":
            chosen = control.select_one("option[selected]") or control.select_one("option")
            sent[name] = chosen["value"]
        elif control.name == "textarea":
            sent[name] = control.get_text().removeprefix("\n")
        elif kind != "file":
            sent[name] = control["value"]
    return sent


def form_at(client: PageClient, page: str, action: str) -> dict[str, Any]:
    return fields_of(client.get(f"{BASE}{page}").select(f'form[action="{BASE}{action}"][novalidate]'))


def save(client: PageClient, page: str, action: str, **changed: Any) -> Answer:
    """Open the page, change some fields of one form, and send it."""
    filled = {**form_at(client, page, action), **changed}
    return client.post(f"{BASE}{action}", {name: value for name, value in filled.items() if value is not None})


def problems(answer: Answer) -> str:
    return " ".join(problem.get_text() for problem in answer.page.select(".summary, .problem"))
