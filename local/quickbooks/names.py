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


def below(books: Books, entity: Entity, parent: Json, name: str, stored: Json | None) -> str:
    """The name under a parent. Raises 2500 and 610, 6000 for a parent that stands below, 6180 for a sixth level."""
    above = books.referred(entity.name, parent, "ParentRef")
    full = f"{above.get('FullyQualifiedName') or above.get('Name', '')}:{name}"
    higher: Json | None = above
    while stored is not None and higher is not None:
        if higher["Id"] == stored["Id"]:
            raise problems.business(f"{entity.name} can't be its own parent.")
        reference = higher.get("ParentRef")
        higher = books.look(entity.name, str(reference.get("value"))) if isinstance(reference, dict) else None
    if full.count(":") >= 5:
        raise problems.Fault("6180", "Nesting too deep", "At most 5 levels.", "ParentRef")
    return full


def renamed(books: Books, entity: Entity, record: Json) -> None:
    """What stands under this object reads its new name; the tokens rise, since they have changed."""
    name = "DisplayName" if entity.name == "Customer" else "Name"
    for one in books.under(entity.name, record["Id"]):
        full = f"{record['FullyQualifiedName']}:{one[name]}"
        if full != one["FullyQualifiedName"]:
            one["FullyQualifiedName"] = full
            if "Level" in one:
                one["Level"] = full.count(":")
            if entity.name == "Item":
                one["ParentRef"] = {"value": record["Id"], "name": record["FullyQualifiedName"]}
            books.bump(entity.name, one)
            renamed(books, entity, one)


def qualified(books: Books, entity: Entity, said: Json, stored: Json | None, longest: int) -> tuple[str, str]:
    name = active_name(checked_name(said["Name"], "Name", longest), said.get("Active", True))
    full, parent = name, said.get("ParentRef")
    if isinstance(parent, dict) and parent.get("value") is not None:
        full = below(books, entity, parent, name, stored)
    free_name(books, (entity.name,), full, (entity.name, stored["Id"]) if stored else None)
    return name, full
