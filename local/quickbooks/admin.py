"""The interface for tests and demos, under /_simulator: companies, faults, calls, clock, tokens, people. No login."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.quickbooks import admin_companies, admin_run, envelope, wire
from local.quickbooks.admin_run import NotThere
from local.quickbooks.checked import BadSetting
from local.quickbooks.envelope import Answer
from local.quickbooks.problems import Fault
from local.quickbooks.traffic import Request

if TYPE_CHECKING:
    from local.quickbooks.simulator import Simulator

# Path -> method -> what does it. A part in braces is any part, and is given to it.
ROUTES = {**admin_companies.ROUTES, **admin_run.ROUTES}


def answer(simulator: Simulator, request: Request) -> Answer:
    try:
        status, content = _carried_out(simulator, request)
    except NotThere as problem:
        return envelope.json_answer(404, {"message": str(problem)})
    except _WrongMethod as problem:
        made = envelope.json_answer(405, {"message": str(problem)})
        return Answer(405, made.body, {**made.headers, "Allow": ", ".join(problem.allowed)})
    except (BadSetting, wire.Malformed) as problem:
        return envelope.json_answer(400, {"message": str(problem)})
    except Fault as problem:
        return envelope.json_answer(409, {"message": str(problem), **envelope.fault_content(problem)})
    return Answer(204, b"") if status == 204 else envelope.json_answer(status, content)


def _carried_out(simulator: Simulator, request: Request) -> tuple[int, Any]:
    parts = request.segments[1:]
    method = "GET" if request.method == "HEAD" else request.method
    for path, methods in ROUTES.items():
        names = _matched(path, parts)
        if names is None:
            continue
        if method not in methods:
            raise _WrongMethod(method, path, tuple(methods))
        return methods[method](simulator, request.query if method == "GET" else _said(request), *names)
    raise NotThere(f"no such path; known: {', '.join(ROUTES)}")


def _matched(path: str, parts: list[str]) -> list[str] | None:
    """The parts that stand where the path has braces; None where it is another path."""
    wanted = path.split("/")
    if len(wanted) != len(parts):
        return None
    pairs = list(zip(wanted, parts, strict=True))
    if any(one != part for one, part in pairs if not one.startswith("{")):
        return None
    return [part for one, part in pairs if one.startswith("{")]


def _said(request: Request) -> wire.Json:
    try:
        said = wire.bounded(wire.loads(request.body)) if request.body.strip() else {}
    except wire.Malformed as problem:
        raise BadSetting(f"the body is no JSON: {problem}") from problem
    if not isinstance(said, dict):
        raise BadSetting("the body must be a JSON object")
    return said


class _WrongMethod(Exception):
    def __init__(self, method: str, path: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"no {method[:20]} here; /_simulator/{path} takes {', '.join(allowed)}")
        self.allowed = allowed
