"""Who let this process wait in vain is not waited for again at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from m3ter_quickbooks.problems import TryLater
from m3ter_quickbooks.run.silence import IN_VAIN, SILENT_FOR, Silence
from tests.unit.run.builders import NOON

SECOND = timedelta(seconds=1)


class Time:
    """A clock, and somebody who answers after a while, or does not."""

    def __init__(self) -> None:
        self.now = NOON
        self.silence = Silence(self)

    def __call__(self) -> datetime:
        return self.now

    def asked(self, whom: str, takes: timedelta, *, answers: bool) -> None:
        def ask() -> None:
            self.now += takes
            if not answers:
                raise TryLater("No answer.")

        if answers:
            self.silence.noted(whom, ask)
        else:
            with pytest.raises(TryLater):
                self.silence.noted(whom, ask)


def test_who_was_waited_for_in_vain_is_silent_for_a_while_and_nobody_else_is() -> None:
    time = Time()
    time.asked("one", IN_VAIN, answers=False)
    assert time.silence.of("one")
    assert not time.silence.of("another")

    time.now += SILENT_FOR
    assert not time.silence.of("one")


def test_who_fails_at_once_or_answers_slowly_may_be_asked_again() -> None:
    time = Time()
    time.asked("failing", IN_VAIN - SECOND, answers=False)
    time.asked("slow", 10 * IN_VAIN, answers=True)
    assert not time.silence.of("failing")
    assert not time.silence.of("slow")


def test_an_answer_ends_the_silence() -> None:
    time = Time()
    time.asked("one", IN_VAIN, answers=False)
    time.asked("one", SECOND, answers=True)
    assert not time.silence.of("one")


def test_an_answer_that_says_nothing_counts_as_none() -> None:
    time = Time()

    def ask() -> str:
        time.now += IN_VAIN
        return "unsure"

    time.silence.noted("one", ask, lambda answer: answer == "unsure")
    assert time.silence.of("one")
