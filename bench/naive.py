"""The comparison for a vendor that hangs: a server that calls it while the customer waits."""

import os

import urllib3
from flask import Flask, Response, request

app = Flask(__name__)
_vendor = urllib3.PoolManager(maxsize=8, retries=False, timeout=urllib3.Timeout(connect=2, read=70))
_ADDRESS = f"{os.environ['NAIVE_VENDOR']}/integration/integration_api.php"


@app.get("/")
def page() -> str:
    """The form."""
    return '<form method="post" action="/s/default"><input name="customer_name"><button>Get support</button></form>'


@app.post("/s/default")
def submit() -> Response:
    """Call the vendor and return its answer."""
    fields = {"uid": os.environ["NAIVE_KEY"], "customer_number": request.form["customer_number"]}
    answer = _vendor.request("POST", _ADDRESS, fields=fields, encode_multipart=False, redirect=False)
    return Response(status=303, headers={"Location": answer.headers.get("Location", "/")})
