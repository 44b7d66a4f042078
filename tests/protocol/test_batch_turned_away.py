"""A batch that QuickBooks refuses as a whole did nothing, and says nothing of its bills."""

from tests.protocol.stage import REALM, Stage, a_bill

BILLS = ("bill-1", "bill-2", "bill-3")


def test_each_bill_of_a_batch_that_was_turned_away_goes_out_alone_at_once(stage: Stage) -> None:
    stage.simulator.mishaps.add("fault", operation="batch", count=1, code="1040", message="Batch too large", detail="")
    for bill_id in BILLS:
        stage.tell(a_bill(1, "100.00", bill_id))
    stage.play(stage.take(0, 1, 2))

    assert [len(stage.documents(bill_id)) for bill_id in BILLS] == [1, 1, 1]
    calls = [call.operation for call in stage.simulator.calls if call.realm == REALM]
    assert calls == ["batch", "create", "create", "create"]
    assert stage.open_runs() == []


def test_a_bill_that_spoils_every_batch_fails_alone(stage: Stage) -> None:
    stage.simulator.mishaps.add("fault", operation="batch", code="2010", message="Unrecognized field", detail="")
    stage.simulator.mishaps.add(
        "fault", operation="create", count=1, code="2010", message="Unrecognized field", detail=""
    )
    for bill_id in BILLS:
        stage.tell(a_bill(1, "100.00", bill_id))
    stage.play(stage.take(0, 1, 2))

    assert sorted(len(stage.documents(bill_id)) for bill_id in BILLS) == [0, 1, 1]
    assert stage.open_runs() == []
