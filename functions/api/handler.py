"""The door of the REST API: reads the request, lets members in, takes the route, answers."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from api.answer import Answer, failed, no_route, refused
from api.house import House
from api.house import house as own_house
from api.membership import caller_of
from api.request import Call, Request
from api.table import TABLE
from m3ter_quickbooks.problems import Problem, what_happened
from m3ter_quickbooks.storage.members import Role

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext, house: House | None = None) -> dict[str, Any]:
    """Answer one request. A test passes its own `house`."""
    return _answer(event, house or own_house(), context.aws_request_id).proxy()


def _answer(event: dict[str, Any], house: House, request_id: str) -> Answer:
    try:
        request = Request.read(event)
        route, ids, methods = TABLE.find(request.method, request.path)
        call = Call(request, ids)
        if "orgId" in ids:
            least = route.role if route and route.role else Role.VIEWER
            call = Call(request, ids, house.gate.let_in(caller_of(request.claims), call.organization_id, least))
        if route is None:
            return no_route(methods)
        return route.take(call, house)
    except Problem as problem:
        logger.info("refused", extra={"status": refused(problem).status, "problem": type(problem).__name__})
        return refused(problem)
    except Exception as bug:  # noqa: BLE001  the door: what nobody foresaw is told to log and alarm, not to the caller
        logger.error("not foreseen", extra={"error": what_happened(bug)})  # noqa: TRY400  see what_happened
        return failed(request_id)
