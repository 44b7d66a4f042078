"""What the faults in force make of one answer, the same for the books and for OAuth.

before ──> carried out and committed ──> after
server-error, lost-request               lost-answer, server-error (committed), unreadable, slow
"""

from local.quickbooks import envelope, problems
from local.quickbooks.envelope import Answer, Style
from local.quickbooks.problems import GatewayFault
from local.quickbooks.traffic import LostAnswer, Visit

SLOW_SECONDS = 5.0


def check_throttle(visit: Visit) -> None:
    """Raises GatewayFault 429 where a rule says so."""
    rule = visit.rule("throttle")
    if rule is not None:
        fault = problems.throttled()
        if rule.retryAfter is not None:
            fault.headers = {"Retry-After": str(rule.retryAfter)}
        raise fault


def refused(visit: Visit, style: Style, fault: GatewayFault) -> Answer:
    """A refusal of the gateway, as XML where the rule that throttles says so."""
    rule = visit.rule("throttle")
    return envelope.gateway(style, fault, xml=rule is not None and rule.format == "xml")


def before(visit: Visit, style: Style) -> Answer | None:
    """The answer of a server that broke before it did anything. Raises LostAnswer."""
    error = visit.rule("server-error")
    if error is not None and not error.committed:
        return envelope.broken(style, error.status or 503, error.format)
    lost = visit.rule("lost-request")
    if lost is not None:
        raise LostAnswer(lost.how, lost.seconds or 0.0)
    return None


def after(visit: Visit, style: Style, answer: Answer) -> Answer:
    """What the client gets of an answer whose request is committed. Raises LostAnswer."""
    lost = visit.rule("lost-answer")
    if lost is not None:
        raise LostAnswer(lost.how, lost.seconds or 0.0)
    error = visit.rule("server-error")
    if error is not None:
        return envelope.broken(style, error.status or 503, error.format)
    if visit.rule("unreadable"):
        return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
    slow = visit.rule("slow")
    if slow is not None:
        seconds = slow.seconds if slow.seconds is not None else SLOW_SECONDS
        return Answer(answer.status, answer.body, answer.headers, seconds)
    return answer
