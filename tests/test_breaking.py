"""A short form of the faults under load: killed servers, a stopped database, and nothing lost, doubled or untold."""

from tests.breaking import run


def test_nothing_is_lost_when_server_and_database_are_killed() -> None:
    """Each acknowledged settlement is there once, each reversed one nets to nothing, asking back tells the truth."""
    figures = run(kills=2, stops=1, settlements=1_500)
    assert (figures["kill"], figures["stop"]) == (2, 1)
    assert figures["acknowledged"] >= 1_500
    assert figures["unanswered"] > 0
