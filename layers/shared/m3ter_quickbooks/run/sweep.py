"""The scheduled sweep: every open run whose due date has passed goes back on the queue, whoever held it (rule 6).

And what is owed beside: later looks, and the replay of what was held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from m3ter_quickbooks.run.ports import Unreadable
from m3ter_quickbooks.run.replay import give_order
from m3ter_quickbooks.run.run import Run
from m3ter_quickbooks.run.trouble import LookAgain
from m3ter_quickbooks.run.world import World

AT_ONCE = 500
AGAIN_AFTER = timedelta(minutes=15)
"""A run that was put back and is still open by then is put back again; a message in between is enough."""


@dataclass(slots=True)
class Swept:
    """How much was put back, and what could not be read: put off as well, and somebody has to be told."""

    put_back: int = 0
    unreadable: list[Unreadable] = field(default_factory=list)


def sweep(world: World) -> Swept:
    """Put back what was left behind. The new due date is stored before the message is sent.

    Nothing of a run is touched but its due date: a worker may take it up, and write, while it is swept.
    """
    now = world.clock()
    swept = Swept()
    for due in (*world.runs.due(now, AT_ONCE), *world.runs.looks_due(now, AT_ONCE)):
        # Put off first: what cannot be done now is not asked for each minute.
        if world.runs.put_off(due, now + AGAIN_AFTER):
            _put_back(due, world, swept)
    for owed in world.runs.owed_due(now, AT_ONCE):
        if isinstance(owed, Unreadable):
            world.runs.put_off(owed, now + AGAIN_AFTER)
            swept.unreadable.append(owed)
        else:
            give_order(owed, world)
            swept.put_back += 1
    return swept


def _put_back(due: Run | LookAgain | Unreadable, world: World, swept: Swept) -> None:
    match due:
        case Run():
            world.queue.retry([due], timedelta(0))
        case LookAgain():
            world.queue.look(due, timedelta(0))
        case Unreadable():
            swept.unreadable.append(due)
            return
    swept.put_back += 1
