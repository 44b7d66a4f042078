from local.quickbooks.bench import creates_per_second


def test_the_bench_counts_what_was_made_and_finds_it_again_after_a_kill() -> None:
    found = creates_per_second(0.3)
    assert found["created"] > 10
    assert found["lost"] == 0
    assert found["keptAfterKill"] >= found["created"]
    assert found["perSecond"] > 0
