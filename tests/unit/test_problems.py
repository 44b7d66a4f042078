"""What the doors tell the log about an error: enough to find it, and nothing that it held in its hands."""

from m3ter_quickbooks.problems import Missing, Problem, what_happened


class AwsSaysNoError(Exception):
    """Shaped as botocore's ClientError."""

    response = {"Error": {"Code": "AccessDeniedException", "Message": "anna@example.com may not"}}  # noqa: RUF012


def raised(error: Exception, because: Exception | None = None) -> Exception:
    try:
        raise error from because
    except type(error) as caught:
        return caught


def test_a_problem_is_told_in_its_own_sentence() -> None:
    assert what_happened(raised(Missing("There is no run 7."))) == "There is no run 7."


def test_a_bug_is_told_by_its_class_and_place_and_never_by_its_text() -> None:
    said = what_happened(raised(KeyError("anna@example.com")))
    assert said.startswith("KeyError in raised (")
    assert "anna" not in said


def test_an_error_of_aws_is_told_with_its_code_only() -> None:
    said = what_happened(raised(AwsSaysNoError("anna@example.com may not")))
    assert said.startswith("AwsSaysNoError AccessDeniedException in raised (")
    assert "anna" not in said


def test_what_led_to_it_is_told_as_sparingly() -> None:
    said = what_happened(raised(RuntimeError("anna"), because=raised(ValueError("ben"))))
    assert "RuntimeError in raised" in said
    assert "; because of ValueError in raised" in said
    assert "anna" not in said
    assert "ben" not in said


def test_an_error_that_was_never_raised_is_told_all_the_same() -> None:
    assert what_happened(Problem("So it is.")) == "So it is."
    assert what_happened(ValueError("anna")) == "ValueError in no frame"
