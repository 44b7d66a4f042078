"""One document per bill, newest fence wins, total right: after whatever hypothesis can make happen.

Real code, the simulator, DynamoDB by moto, two organizations with a company each; the steps are in `machine.py`. A
failing list of them is shrunk to a short one. That the same machine fails as soon as any rule of the protocol is taken
out is shown in `test_rules_are_needed.py`. To search for longer, or for the damage that a missing rule does (it must
then fail), on fakes of the stores, ten times as quick:

    PROTOCOL_STORES=memory PROTOCOL_EXAMPLES=2000 pytest tests/protocol/test_protocol.py
    PROTOCOL_STORES=memory PROTOCOL_WITHOUT="2 the older create is kept" pytest tests/protocol/test_protocol.py
"""

from __future__ import annotations

import os
from contextlib import nullcontext

from hypothesis import HealthCheck, settings

from tests.fakes.memory import Memory
from tests.protocol.in_memory import stores_in_memory
from tests.protocol.machine import OneDocumentPerBill
from tests.protocol.test_rules_are_needed import RULES, SPARE

EXAMPLES = int(os.environ.get("PROTOCOL_EXAMPLES", "40"))
IN_MEMORY = os.environ.get("PROTOCOL_STORES") == "memory"
WITHOUT = os.environ.get("PROTOCOL_WITHOUT")
STEPS = 40


class Searched(OneDocumentPerBill):
    """The protocol as it is, or without a rule if somebody asks for that."""

    def __init__(self) -> None:
        super().__init__(nullcontext(stores_in_memory(Memory())) if IN_MEMORY else None)
        if WITHOUT:
            (RULES | SPARE)[WITHOUT].take_out(self.stage)


TestOneDocumentPerBill = Searched.TestCase
TestOneDocumentPerBill.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
