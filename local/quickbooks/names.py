"""Names of list objects: what they may contain, that they are free, and how they read under a parent (facts 3.2)."""

from typing import Any

from local.quickbooks import problems
from local.quickbooks.books import INACTIVE_SUFFIX, Books
from local.quickbooks.entities import Entity
from local.quickbooks.wire import Json


def checked_name(name: Any, element: str, longest: int) -> str:
    said = str(name)
    if not 1 <= len(said) <= longest:
        raise problems.wrong_length(element, longest, len(said), 1)
    if any(one in said for one in ":\t\n\r"):
        detail = "Invalid String : A name must not contain a colon, a tab or a new line."
        raise problems.Fault("2040", "Invalid String", detail, element)
    return said


def free_name(books: Books, entities: tuple[str, ...], name: str, own: tuple[str, str] | None) -> None:
    holder = books.store.named(books.realm, entities, name)
    if holder is not None and holder != own:
        raise problems.duplicate_name()


def active_name(name: str, active: bool) -> str:
    """An inactive object shows ` (deleted)` behind its name, which frees the name (facts 3.2)."""
    plain = name.removesuffix(INACTIVE_SUFFIX)
    return plain if active else plain + INACTIVE_SUFFIX


def qualified(books: Books, entity: Entity, said: Json, stored: Json | None, longest: int) -> tuple[str, str]:
    name = active_name(checked_name(said["Name"], "Name", longest), said.get("Active", True))
    full, parent = name, said.get("ParentRef")
    if isinstance(parent, dict) and parent.get("value") is not None:
        above = books.referred(entity.name, parent, "ParentRef")
        full = f"{above.get('FullyQualifiedName') or above.get('Name', '')}:{name}"
        if full.count(":") >= 5:
            raise problems.Fault("6180", "Nesting too deep", "At most 5 levels.", "ParentRef")
    free_name(books, (entity.name,), full, (entity.name, stored["Id"]) if stored else None)
    return name, full
