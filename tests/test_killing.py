"""A short form of a run that is killed again and again: the end is that of a run without a stop."""

from tests.killing import run


def test_a_run_that_was_killed_ends_as_one_without_a_stop() -> None:
    """Proof checksum, report, rows held back, and what stands in every table are the same after each kill."""
    figures = run(kills=3, scale=0.001)
    assert (figures["kills"], figures["database"], figures["parent"]) == (3, 1, 1)
