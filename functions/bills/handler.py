"""The door for bills: the queue, the schedule, and a plain EventBridge event handed over directly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bills.carry import Batch, failures
from bills.messages import records
from bills.witness import Counting, metrics
from m3ter_quickbooks import wiring

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handle(event: Mapping[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Carry out what the event asks for; answer with the messages that must come again."""
    world = wiring.bills_world(Counting())
    deadline = world.clock() + timedelta(milliseconds=context.get_remaining_time_in_millis())
    batch = Batch(world, deadline, wiring.keep_alive)
    batch.carry(records(event))
    return failures(batch, event)
