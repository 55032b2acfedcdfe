"""The API's OpenAPI document, made from the limits and names that the validation uses."""

import json
from functools import cache
from typing import Any

from flask import Blueprint, Response

from app.api.request_pictures import OCTETS
from app.api.requests import KEY_LENGTHS
from app.core.customer import ELEMENTS, FIELDS, NAMES
from app.core.more import LONGEST_NAME, MOST_BYTES, MOST_FIELDS
from app.core.new_session import LIMITS, UID_LIMIT
from app.core.picture import MOST_PICTURES
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers

api = Blueprint("openapi", __name__)
_ALLOWED = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$"
_PRINTABLE = "^[ -~]*[!-~][ -~]*$"
_PART = "[^\\s@\\u0000-\\u001f\\u007f-\\u009f]+"
_MAIL = f"^[ \\t\\n]*({_PART}@{_PART})?[ \\t\\n]*$"
_MEANING = {
    "department": "Department id, as 1234 or id_1234; a wrong one is passed over",
    "tech": "The technician's user name, an e-mail address; a wrong one is passed over",
    **{each.name: each.meaning for each in FIELDS},
    "language": "The customer's language, such as fr",
}


@api.get("/api/openapi.json")
@open_to(Who.EVERYONE)
def openapi() -> Response:
    """The document, OpenAPI 3.1."""
    return with_headers(Response(_document(), content_type="application/json"), JSON)


@cache
def _document() -> str:
    form = _operation_form()
    return json.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Handbell",
                "version": "1",
                "description": "The embedded desk's New Session API, and requests from a site's pages and servers.",
            },
            "paths": {
                "/integration/integration_api.php": form,
                "/integration/integration.php": _renamed(form, "_short"),
                "/integration/integration2.php": _renamed(form, "_second"),
                "/rest/session": {"post": _rest()},
                "/api/v1/requests/{token}": {"get": _state(), "delete": _cancel()},
                "/api/v1/requests/{token}/pictures": {"post": _add_picture()},
                "/api/v1/sites/{site}": {"get": _site()},
                "/api/v1/sites/{site}/requests": {"post": _create()},
                "/s/{site}": {"get": _page_get(), "post": _page_post()},
                "/s/{site}/submit": {"post": _plain_post()},
            },
            "components": {
                "schemas": {
                    "Envelope": _envelope(),
                    "NewSession": _rest_body(),
                    "NewSessionForm": _form_body(),
                },
                "securitySchemes": {
                    "key": {"type": "apiKey", "in": "header", "name": "INTEGRATION-KEY"},
                    "bearer": {"type": "http", "scheme": "bearer", "description": "A site's key"},
                },
            },
        }
    )


def _text(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": _MEANING[name], "pattern": _ALLOWED}
    if name in LIMITS:
        schema["maxLength"] = LIMITS[name]
    return schema


def _typed(name: str) -> dict[str, Any]:
    """The text as forms take it, which look at mail addresses; the New Session API does not."""
    schema = _text(name)
    return {**schema, "pattern": _MAIL} if name == "customer_email" else schema


def _something_typed() -> list[dict[str, Any]]:
    """At least one of the fields, unless the site takes empty forms."""
    return [{"required": [name], "properties": {name: {"type": "string", "pattern": "\\S"}}} for name in NAMES]


def _form_properties() -> dict[str, Any]:
    uid = {
        "type": "string",
        "minLength": 1,
        "maxLength": UID_LIMIT,
        "pattern": "[!-~]",  # a blank one counts as not sent
        "description": "The account's public key",
    }
    flag = {"type": "string", "description": "1 lets the customer see and change the details in the applet"}
    texts = {name: _text(name) for name in ("department", "tech", *ELEMENTS)}
    return {"uid": uid, **texts, "ask_customer_info": flag}


def _form_body() -> dict[str, Any]:
    return {"type": "object", "required": ["uid"], "properties": _form_properties()}


def _rest_body() -> dict[str, Any]:
    number = {"anyOf": [_text("department"), {"type": "integer"}, {"type": "null"}]}
    flag = {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"type": "null"}]}
    texts = {name: {"anyOf": [_text(name), {"type": "null"}]} for name in (*ELEMENTS, "language")}
    for field in FIELDS:
        if field.is_number and field.element:
            texts[field.name]["anyOf"].append({"type": "integer"})
    return {
        "type": "object",
        "properties": {
            "department_id": number,
            "technician_username": {"anyOf": [_text("tech"), {"type": "null"}]},
            **texts,
            "ask_customer_info": flag,
            "show_waiting_queue": flag,
        },
    }


def _envelope() -> dict[str, Any]:
    details = {
        "type": ["object", "null"],
        "properties": {
            "session_id": {"type": "string"},
            "ticket_number": {"type": "integer"},
            "pin_number": {"type": "string", "pattern": "^[0-9]{9}$"},
            "session_link": {"type": "string", "format": "uri"},
        },
    }
    error = {
        "type": "object",
        "properties": {"errorCode": {"type": ["integer", "null"]}, "errorMsg": {"type": ["string", "null"]}},
    }
    return {
        "type": "object",
        "required": ["result", "details", "errorDetails"],
        "properties": {"result": {"enum": ["SUCCESS", "ERROR"]}, "details": details, "errorDetails": error},
    }


def _operation_form() -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "query", "required": name == "uid", "schema": schema}
        for name, schema in _form_properties().items()
    ]
    body = {"application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/NewSessionForm"}}}
    responses = {**_answers("200", "302"), **_refusals("400", "403", "405", "413", "415", "429")}
    return {
        "get": {"operationId": "newSessionGet", "parameters": parameters, "responses": responses},
        "post": {
            "operationId": "newSessionPost",
            "requestBody": {"required": True, "content": body},
            "responses": responses,
        },
    }


def _renamed(path: dict[str, Any], ending: str) -> dict[str, Any]:
    return {method: {**what, "operationId": what["operationId"] + ending} for method, what in path.items()}


def _rest() -> dict[str, Any]:
    body = {"$ref": "#/components/schemas/NewSession"}
    empty = {"type": "array", "maxItems": 0, "description": "As PHP writes an empty object"}
    return {
        "operationId": "newSessionRest",
        "security": [{"key": []}, {"bearer": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"anyOf": [body, empty]}}},
        },
        "responses": {**_answers("200"), **_refusals("400", "403", "405", "413", "415", "429")},
    }


def _state() -> dict[str, Any]:
    state = {
        "type": "object",
        "required": ["reference", "state", "start", "start_url", "helper", "opened_at", "opening", "wait"],
        "properties": {
            "reference": {"type": "string"},
            "state": {"enum": ["waiting", "held", "ready", "started", "parked", "ended"]},
            "start": {"type": ["string", "null"]},
            "start_url": {"type": ["string", "null"]},
            "helper": {"type": ["string", "null"], "description": "Who has taken it, at the desk's own technicians"},
            "opened_at": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When its session was opened; another moment is another session",
            },
            "opening": {**_opening(), "type": ["object", "null"], "description": "null once somebody helps"},
            "wait": {"type": ["object", "null"], "description": "How an open ticket of our own desk stands"},
        },
    }
    problem = _problem()
    return {
        "operationId": "requestState",
        "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {
            "200": {"description": "The state", "content": {"application/json": {"schema": state}}},
            **dict.fromkeys(("404", "410", "429"), problem),
        },
    }


def _cancel() -> dict[str, Any]:
    state = {"type": "object", "required": ["state"], "properties": {"state": {"const": "ended"}}}
    return {
        "operationId": "cancelRequest",
        "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {
            "200": {"description": "It waits no longer", "content": {"application/json": {"schema": state}}},
            **dict.fromkeys(("404", "409", "410", "429"), _problem()),
        },
    }


def _add_picture() -> dict[str, Any]:
    told = {"id": {"type": "string"}, "pictures_left": {"type": "integer", "minimum": 0, "maximum": MOST_PICTURES}}
    schema = {"type": "object", "required": list(told), "properties": told}
    language = {"name": "lang", "in": "query", "schema": {"type": "string"}, "description": "Of a refusal's sentence"}
    return {
        "operationId": "addPicture",
        "parameters": [{"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}, language],
        "requestBody": {
            "required": True,
            "description": "One PNG, JPEG, WebP or GIF of at most 8 MB; its own type is taken too",
            "content": {OCTETS: {"schema": {"type": "string", "format": "binary"}}},
        },
        "responses": {
            "200": {"description": "It belongs to the request", "content": {"application/json": {"schema": schema}}},
            **dict.fromkeys(("400", "403", "404", "409", "410", "413", "415", "422", "429", "503"), _problem()),
        },
    }


def _page_get() -> dict[str, Any]:
    page = {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}
    return {
        "operationId": "emptyRequestPage",
        "parameters": [{"name": "site", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": dict.fromkeys(("200", "404", "503"), page),
    }


def _page_post() -> dict[str, Any]:
    texts = {name: _typed(name) for name in NAMES}
    token = {"type": "string", "description": "From the page"}
    body = {
        "type": "object",
        "required": ["form_token"],
        "properties": {**texts, "department": {"type": "string"}, "form_token": token},
        "anyOf": _something_typed(),
    }
    page = {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}
    statuses = ("303", "400", "404", "413", "415", "422", "429", "503")
    return {
        "operationId": "requestPage",
        "parameters": [{"name": "site", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": body}}},
        "responses": dict.fromkeys(statuses, page),
    }


def _problem() -> dict[str, Any]:
    error = {
        "type": "object",
        "required": ["status", "message"],
        "properties": {
            "status": {"type": "integer"},
            "message": {"type": "string"},
            "code": {"enum": ["form_expired", "form_invalid", "key_used", "not_written", "not_confirmed"]},
            "fields": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    }
    schema = {"type": "object", "required": ["error"], "properties": {"error": error, "contact": {"type": "object"}}}
    return {"description": "Why not", "content": {"application/json": {"schema": schema}}}


_SITE = {"name": "site", "in": "path", "required": True, "schema": {"type": "string"}}
_ORIGIN = {"name": "Origin", "in": "header", "schema": {"type": "string"}, "description": "One of the site's own"}


def _opening() -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["cover", "opens_at", "usual_minutes"],
        "properties": {
            "cover": {"enum": ["staffed", "nobody", "closed", None], "description": "null for a vendor's technicians"},
            "opens_at": {"type": ["string", "null"], "format": "date-time"},
            "usual_minutes": {"type": ["array", "null"], "items": {"type": "integer"}},
            "words": {"type": "string", "description": "A sentence; {time} in it stands for opens_at"},
        },
    }


def _site() -> dict[str, Any]:
    members = {
        "site": {"type": "string"},
        "name": {"type": "string"},
        "language": {"type": "string"},
        "languages": {"type": "array", "items": {"type": "string"}},
        "fields": {"type": "array", "items": {"type": "object", "required": ["name", "required", "limit"]}},
        "departments": {"type": "array", "items": {"type": "object", "required": ["id", "name"]}},
        "texts": {"type": "object", "additionalProperties": {"type": "string"}},
        "theme": {"type": "object", "required": ["colour", "logo"]},
        "contact": {"type": "object", "required": ["phone", "mail"]},
        "show_check_details": {"type": "boolean"},
        "form_token": {"type": "string"},
        "request_url": {"type": "string", "format": "uri"},
        "check": {"type": ["object", "null"], "required": ["challenge", "script"]},
        "opening": {**_opening(), "required": ["cover", "opens_at", "usual_minutes", "words"]},
    }
    schema = {"type": "object", "required": list(members), "properties": members}
    language = {"name": "lang", "in": "query", "schema": {"type": "string"}}
    content = {"application/json": {"schema": schema}}
    form = {
        "operationId": "createRequest",
        "parameters": {"site": "$request.path.site", "header.Origin": "$request.header.Origin"},
        "requestBody": {"form_token": "$response.body#/form_token"},
    }
    return {
        "operationId": "site",
        "parameters": [_SITE, _ORIGIN, language],
        "responses": {
            "200": {"description": "What its widget shows", "content": content, "links": {"form": form}},
            **dict.fromkeys(("400", "403", "404"), _problem()),
        },
    }


def _create() -> dict[str, Any]:
    texts = {name: {"anyOf": [_typed(name), {"type": "null"}]} for name in (*NAMES, "department", "language")}
    token = {"type": ["string", "null"]}
    body = {
        "type": "object",
        "properties": {
            **texts,
            "form_token": {**token, "description": "From the site, for pages; servers have none"},
            "check_details": {"type": ["boolean", "null"]},
            "website": {**token, "description": "Leave it empty: who fills it in is suspect"},
            "identity": {**token, "description": "An HS256 JWT of the site's server"},
            "check": {**token, "description": "The answer to the site's check"},
            "more": {
                "type": ["object", "null"],
                "maxProperties": MOST_FIELDS,
                "propertyNames": {"maxLength": LONGEST_NAME, "pattern": _PRINTABLE},
                "additionalProperties": {"type": "string", "pattern": _ALLOWED},
                "description": f"Other fields of the form: {MOST_BYTES} bytes at the most together",
            },
        },
        "anyOf": _something_typed(),
    }
    told = {
        "reference": {"type": "string"},
        "state": {"enum": ["waiting", "held", "ready", "started", "parked", "ended"]},
        "status_url": {"type": "string", "format": "uri"},
        "poll_url": {"type": "string", "format": "uri"},
        "start_url": {"type": ["string", "null"], "format": "uri"},
    }
    content = {"application/json": {"schema": {"type": "object", "required": list(told), "properties": told}}}
    key = {"type": "string", "minLength": KEY_LENGTHS[0], "maxLength": KEY_LENGTHS[1], "pattern": "^[ -~]*$"}
    return {
        "operationId": "createRequest",
        "security": [{}, {"bearer": []}],
        "parameters": [
            _SITE,
            _ORIGIN,
            {"name": "Idempotency-Key", "in": "header", "required": True, "schema": key},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            "201": {"description": "Its session is ready", "content": content},
            "202": {"description": "It is recorded and waits", "content": content},
            **dict.fromkeys(("400", "401", "403", "404", "410", "413", "415", "422", "429", "503"), _problem()),
        },
    }


def _plain_post() -> dict[str, Any]:
    texts = {name: _typed(name) for name in NAMES}
    others = {name: {"type": "string"} for name in ("uid", "department", "tech", "ask_customer_info", "return_to")}
    page = {"description": "A page", "content": {"text/html": {"schema": {"type": "string"}}}}
    schema = {"type": "object", "properties": {**texts, **others}, "anyOf": _something_typed()}
    form = {"application/x-www-form-urlencoded": {"schema": schema}}
    statuses = ("200", "303", "400", "403", "404", "413", "415", "422", "429", "503")
    return {
        "operationId": "plainForm",
        "parameters": [_SITE, _ORIGIN],
        "requestBody": {"required": True, "content": form},
        "responses": dict.fromkeys(statuses, page),
    }


def _answers(*statuses: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}}}
    known = {
        "200": {"description": "Opened", "content": content},
        "302": {"description": "Opened: Location is the applet's signed link"},
    }
    return {status: known[status] for status in statuses}


def _refusals(*statuses: str) -> dict[str, Any]:
    content = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Envelope"}},
        "text/html": {"schema": {"type": "string"}},
    }
    return {status: {"description": "Refused; nothing was created", "content": content} for status in statuses}
