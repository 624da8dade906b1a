"""The fake Graph in a process of its own."""

from pathlib import Path

from fakes.graph.judge import Judge
from fakes.graph.serve import serving


def test_a_tenant_is_served_and_obeys(lab_folder: Path) -> None:
    with (
        serving(lab_folder, people=30) as served,
        Judge(served.facts["graph_url"], served.facts["token"]) as judge,
    ):
        first = judge.read_round()
        assert len(first.ids) == 30
        assert served.tell("disable", 3) == 3
        assert [item["accountEnabled"] for item in judge.read_round(first.delta_link).items] == [False] * 3
        assert served.tell("delete", 1) == 1
        assert served.tell("page_size", 10) == 10
        assert len(judge.read_round().pages) == 3
        assert served.tell("requests") == 5
        assert served.tell("units") == 5
    assert served.process.returncode == 0
