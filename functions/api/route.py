"""The routes: a path, who may take it, and the function that answers; each said once, where the function stands.

A route's function says the rest in its signature, and so do its OpenAPI pages (`openapi.py`):

    @routes.post("/externalmappings", Role.OPERATOR, clash=True)
    def create(call: Call, house: House, body: MappingBody) -> MappingAnswer:
        \"\"\"Create a mapping.\"\"\"

Why not Powertools' resolver: docs/decisions/0020-the-api-has-its-own-route-table.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from pydantic import BaseModel

from api.answer import Answer, answered
from api.house import House
from api.request import Call, segments
from api.shapes import Paging
from m3ter_quickbooks.storage.members import Role

ORGANIZATION = "/organizations/{orgId}"
LARGEST_ANSWER = 4 * 1024 * 1024
"""Lambda hands over six megabytes, in which each quote of ours takes two bytes."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path.

    `role` is the least that may take it; None: public. `{name+}` as the last segment takes the rest of the path.
    `statuses` are the problems that it answers with besides those that every route has.
    """

    method: str
    path: str
    role: Role | None
    act: Callable[..., object]
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    statuses: tuple[int, ...]
    tag: str
    media: tuple[str, ...]
    body_media: tuple[str, ...]

    def take(self, call: Call, house: House) -> Answer:
        """Read what the function asks for, and call it. A page that nobody could carry is asked for again, shorter."""
        given = self._given(call)
        answer = answered(self.act(call, house, **given))
        while len(answer.text) > LARGEST_ANSWER and (shorter := _shorter(given, len(answer.text))):
            given = shorter
            answer = answered(self.act(call, house, **given))
        return answer

    def _given(self, call: Call) -> dict[str, object]:
        given: dict[str, object] = {}
        if self.query:
            given["query"] = call.query(self.query)
        if self.body:
            given["body"] = call.body(self.body)
        return given


Act = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one resource, in the order of its file."""

    tag: str
    found: list[Route]

    @classmethod
    def of(cls, tag: str) -> Routes:
        """An empty list of routes for one resource."""
        return cls(tag, [])

    def get(self, path: str, role: Role | None = Role.VIEWER, **more: Any) -> Callable[[Act], Act]:  # noqa: ANN401
        """A route that reads."""
        return self._add("GET", path, role, **more)

    def post(self, path: str, role: Role | None, **more: Any) -> Callable[[Act], Act]:  # noqa: ANN401
        """A route that creates or does."""
        return self._add("POST", path, role, **more)

    def put(self, path: str, role: Role | None, **more: Any) -> Callable[[Act], Act]:  # noqa: ANN401
        """A route that replaces."""
        return self._add("PUT", path, role, **more)

    def delete(self, path: str, role: Role | None, **more: Any) -> Callable[[Act], Act]:  # noqa: ANN401
        """A route that removes."""
        return self._add("DELETE", path, role, **more)

    def _add(
        self,
        method: str,
        path: str,
        role: Role | None,
        statuses: tuple[int, ...] = (),
        media: tuple[str, ...] = ("application/json",),
        body_media: tuple[str, ...] = ("application/json",),
    ) -> Callable[[Act], Act]:
        def add(act: Act) -> Act:
            hints = get_type_hints(act)
            full = path if role is None else f"{ORGANIZATION}{path}"
            answer = hints.get("return")
            self.found.append(
                Route(
                    method=method,
                    path=full,
                    role=role,
                    act=act,
                    body=hints.get("body"),
                    query=hints.get("query"),
                    answer=answer if isinstance(answer, type) and issubclass(answer, BaseModel) else None,
                    statuses=statuses,
                    tag=self.tag,
                    media=media,
                    body_media=body_media,
                )
            )
            return act

        return add


class Table:
    """All routes; finds the one that a request asks for."""

    def __init__(self, routes: Iterable[Route]) -> None:
        # A literal segment is tried before a parameter, a parameter before one that takes the rest.
        self.routes = sorted(routes, key=_openness)
        self._patterns = [(_pattern(route.path), route) for route in self.routes]

    def find(self, method: str, path: str) -> tuple[Route | None, Mapping[str, str], tuple[str, ...]]:
        """The route, the ids in the path, and the methods that the path has (for a 405).

        Where there is no such route the organization is found all the same: who is no member learns nothing else.
        """
        parts = segments(path)
        plain = "\0".join(parts)
        methods: list[str] = []
        for pattern, route in self._patterns:
            found = pattern.fullmatch(plain)
            if found and route.method == method:
                return route, {name: value.replace("\0", "/") for name, value in found.groupdict().items()}, ()
            if found:
                methods.append(route.method)
        organization = {"orgId": parts[1]} if parts[0] == "organizations" and len(parts) > 1 else {}
        return None, organization, tuple(sorted(set(methods)))


def _openness(route: Route) -> tuple[int, ...]:
    return tuple(0 if not part.startswith("{") else 2 if part.endswith("+}") else 1 for part in _parts(route.path))


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("\0".join(_part_pattern(part) for part in _parts(path)), re.DOTALL)


def _part_pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part.strip("{}+")
    return f"(?P<{name}>.+)" if part.endswith("+}") else f"(?P<{name}>[^\0]+)"


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _shorter(given: Mapping[str, object], length: int) -> dict[str, object] | None:
    """The same question for a shorter page, as the page before was so long; None if it cannot be any shorter."""
    for name, asked in given.items():
        if isinstance(asked, Paging) and asked.page_size > 1:
            size = min(asked.page_size // 2, asked.page_size * LARGEST_ANSWER // length)
            return {**given, name: asked.model_copy(update={"page_size": max(1, size)})}
    return None
