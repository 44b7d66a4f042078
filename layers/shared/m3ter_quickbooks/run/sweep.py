"""The scheduled sweep: every open run whose due date has passed goes back on the queue, whoever held it (rule 6).

And what is owed beside: later looks, and the replay of what was held.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from m3ter_quickbooks.problems import Clash
from m3ter_quickbooks.run.replay import give_order
from m3ter_quickbooks.run.world import World

AT_ONCE = 500
AGAIN_AFTER = timedelta(minutes=15)
"""A run that was put back and is still open by then is put back again; a message in between is enough."""


def sweep(world: World) -> int:
    """Put back what was left behind; how much that was. The new due date is stored before the message is sent."""
    now = world.clock()
    swept = 0
    for run in world.runs.due(now, AT_ONCE):
        try:
            stored = world.runs.wait(replace(run, due_at=now + AGAIN_AFTER, version=run.version + 1))
        except Clash:
            continue  # closed meanwhile
        world.queue.retry([stored], timedelta(0))
        swept += 1
    for look in world.runs.looks_due(now, AT_ONCE):
        # Put off first: a look that cannot be made now is not asked for each minute.
        world.runs.put_off(look, now + AGAIN_AFTER)
        world.queue.look(look, timedelta(0))
        swept += 1
    for owed in world.runs.owed_due(now, AT_ONCE):
        give_order(owed, world)
        swept += 1
    return swept
