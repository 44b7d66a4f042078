"""A table on which somebody else is faster, once, between what our code reads and what it writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from m3ter_quickbooks.storage.table import Action, Table, Update
from m3ter_quickbooks.storage.wire import Item


class Hurried(Table):
    """`meanwhile` happens just before the first write of ours (or before each, `every` time)."""

    def __init__(self, table: Table, meanwhile: Callable[[], object], *, every: bool = False) -> None:
        self.__dict__ = dict(table.__dict__)
        self._meanwhile = meanwhile
        self._every = every
        self._happened = False

    def transact(self, actions: Sequence[Action]) -> None:
        self._hurry()
        super().transact(actions)

    def update(self, update: Update) -> Item:
        self._hurry()
        return super().update(update)

    def _hurry(self) -> None:
        if self._every or not self._happened:
            self._happened = True
            self._meanwhile()
