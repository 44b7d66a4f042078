"""`GET /openapi.json`: what this API is, in the words of its own routes."""

from __future__ import annotations

from api.answer import Answer
from api.house import House
from api.openapi import served
from api.request import Call
from api.route import Routes

routes = Routes.of("openapi")


@routes.get("/openapi.json", None)
def openapi(call: Call, house: House) -> Answer:
    """Get this document."""
    del call, house
    return Answer(200, served())
