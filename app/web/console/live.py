"""Pages that renew themselves: their script's requests are answered with 304 before anything is rendered."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, request, session

from app.edge.this_app import running
from app.store.queues import newest
from app.web.console.frame import View, me, my_session
from app.web.language import page_language


def unless_changed_with(also: Callable[[], object]) -> Callable[[View], View]:
    """Decorate a view of tickets, configuration and what `also` returns, below its access rule: answers 304 while none
    of it has changed.

    Its template marks parts to renew with `data-live` and an id. Elapsed times are updated by the script: see `waited`.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def cheaper(**arguments: Any) -> Response:
            g.live_tag = _tag(also())
            # A message of the previous page still has to be shown.
            if request.if_none_match.contains(g.live_tag) and "_flashes" not in session:
                return _tagged(Response(status=304))
            response = view(**arguments)
            return _tagged(response) if response.status_code == 200 else response

        return cheaper

    return declare


unless_changed = unless_changed_with(lambda: None)


def _tagged(response: Response) -> Response:
    response.set_etag(g.live_tag)
    return response


def _tag(also: object) -> str:
    here = running()
    # Another session has other CSRF tokens, which the page must get.
    who = (me().id, my_session())
    key = (
        *newest(here.database, here.desk.waiting_since(here.clock())),
        *who,
        request.full_path,
        page_language(),
        also,
    )
    return hashlib.sha256(repr(key).encode()).hexdigest()[:32]
