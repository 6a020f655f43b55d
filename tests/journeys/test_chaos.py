"""The process is killed again and again while documents come in: nothing is lost, nothing twice."""

from benchmarks import census, chaos
from benchmarks.papers import papers
from benchmarks.topology import Embedded

DOCUMENTS, KILLS, SEED = 16, 3, 4
LONG_PAGES = 16
"""Enough for a document that is embedded in more than one batch."""
# So many that chance, which kills at random, cannot use them up on one document.
FORGIVING = {"MAILROOM_JOBS__ATTEMPTS": str(KILLS + 1)}


def test_a_service_killed_at_random_ends_where_an_undisturbed_one_does(tmp_path):
    sent = papers(DOCUMENTS, SEED, LONG_PAGES)
    reference = chaos.undisturbed(tmp_path / "undisturbed", sent, SEED)
    topology = Embedded(tmp_path / "chaos", FORGIVING)
    disturbed = chaos.run(topology, sent, SEED, KILLS)

    judged = census.verdict(disturbed.census, reference.census, {paper.sha256 for paper in sent})
    assert disturbed.harms.total() == KILLS
    assert not disturbed.ended_by_itself
    assert disturbed.client["two_ids"] == 0
    assert judged["lost"] == 0
    assert not any(judged["doubled"].values()), judged["doubled"]
    assert judged["differences"] == []
    assert judged["totals"]["vectors"] == judged["totals"]["chunks"] > 0
