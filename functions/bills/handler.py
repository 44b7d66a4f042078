"""The door for bills: the queue, the schedule, and a plain EventBridge event handed over directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bills.carry import Batch, failures
from bills.messages import records
from bills.witness import Counting
from m3ter_quickbooks import wiring
from m3ter_quickbooks.connection.keep_alive import KeptAlive
from m3ter_quickbooks.run.world import World

logger = Logger()
_COUNTING = Counting()


@logger.inject_lambda_context(clear_state=True)
def handle(
    event: Mapping[str, Any],
    context: LambdaContext,
    world: World | None = None,
    keep_alive: Callable[[], KeptAlive] = wiring.keep_alive,
) -> dict[str, list[dict[str, str]]]:
    """Carry out what the event asks for; answer with the messages that must come again."""
    world = world or wiring.bills_world(_COUNTING)
    deadline = world.clock() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    batch = Batch(world, deadline, keep_alive)
    batch.carry(records(event))
    return failures(batch, event)
