"""In a rush, several companies have many bills at once: whoever has had more than the others lets them pass.

The queue hands messages out by chance, and its workers take what comes first: over 20 companies with 150 bills each,
chance alone lets one have a fifth more than another. So each invocation with much in hand adds its bills to the count
of the minute, and sees how much the companies in hand have had. A company that is ahead of a third of those in a rush
puts its surplus back on the queue, to come again behind what waits there already:

                          A    B    C    D    E …
    had in this minute   14    9   12    9   13     all are in a rush; a third of them has had no more than 9
    of which in hand      4    2    3    1    2     so nobody may have had more than 10
    let others pass       4    ·    1    ·    1     the furthest ahead first, at most half of the hand

Nothing but the order depends on it: a bill lets others pass three times at most, and whoever cannot see the others
goes on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice, takewhile

from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.case import InHand
from m3ter_quickbooks.run.world import World

MUCH = 20
"""Bills in hand that make a rush: an invocation takes 30 messages, and gets them only where more are waiting."""
FEW_EACH = 3
"""Bills of each company in hand, on average. With more, companies are slowed by QuickBooks' limits, which the pacer
holds for each of them alike: putting bills back would only make their batches smaller."""
IN_A_RUSH = 8
"""Bills of one company in a minute. Who has fewer is served as it comes, and nobody waits for it."""
AHEAD = 1
"""So many bills more than a third of the others may a company have had."""
COMES_AGAIN = timedelta(seconds=3)
MOST_TIMES = 3
JUST_OPENED = timedelta(minutes=15)
"""What is older has waited long enough, and may not have much time left."""


def who_lets_pass(hand: Mapping[str, int], had: Mapping[str, int]) -> dict[str, int]:
    """How many bills of which company let others pass, by what is in `hand` and what each `had` (these included)."""
    rushing = sorted(had[company] for company in hand if had[company] >= IN_A_RUSH)
    if sum(hand.values()) >= FEW_EACH * len(hand) or len(rushing) <= 1:
        return {}
    level = rushing[(len(rushing) - 1) // 3] + AHEAD
    surplus = {company: min(bills, had[company] - level) for company, bills in hand.items() if had[company] > level}
    passing: Counter[str] = Counter()
    for _ in range(min(sum(hand.values()) // 2, sum(surplus.values()))):
        furthest = max(surplus, key=lambda company: (had[company] - passing[company]) * (surplus[company] > 0))
        passing[furthest] += 1
        surplus[furthest] -= 1
    return dict(passing)


def let_pass(in_hands: Sequence[InHand], world: World) -> list[InHand]:
    """Those in hand that come again later. They are not counted until then."""
    companies: dict[str, list[InHand]] = defaultdict(list)
    for in_hand in in_hands:
        if in_hand.integration.credential_id is not None:
            companies[in_hand.integration.credential_id].append(in_hand)
    hand = {company: len(bills) for company, bills in companies.items()}
    if sum(hand.values()) < MUCH:
        return []
    now = world.clock()
    try:
        had = world.rush.had(hand, now)
    except TryLater:
        return []
    passing: list[InHand] = []
    for company, bills in who_lets_pass(hand, had).items():
        # The last ones, and none from the midst: failures count in a row in the order of the bills (rule 5).
        last = takewhile(lambda in_hand: _may_wait(in_hand, now), reversed(companies[company]))
        passing += islice(last, bills)
    if passing:
        given_back = Counter(str(in_hand.integration.credential_id) for in_hand in passing)
        with suppress(TryLater):  # then they count twice, and their company lets others pass once more
            world.rush.had({company: -bills for company, bills in given_back.items()}, now)
    return passing


def _may_wait(in_hand: InHand, now: datetime) -> bool:
    """Each waiting is a version of the run. What people asked for, or a replay in its order, waits for nobody."""
    run = in_hand.run
    return run.version <= MOST_TIMES and run.parent_run_id is None and now - run.created_at <= JUST_OPENED
