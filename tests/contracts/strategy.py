"""What every strategy promises. A test class inherits this and supplies ``strategy``.

``needs_model`` says whether it asks a language model, and ``most_calls`` how often at most.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from dragtor.errors import QueryError
from dragtor.interfaces import Strategy
from dragtor.types import Filter, Gathered, Notice, Query, Step
from tests.answer.strategies.desk import DOCUMENTS, MAIN, PUBLIC, FakeDesk, SayingModel

QUESTION = "How long does a grade II pulley injury take to heal?"
REPLIES = (
    "",
    "?!",
    QUESTION,
    "How do pulley injuries heal?",
    "1. What is a grade II pulley injury?\n2. How long does a pulley take to heal?",
    "Pulley injuries of grade II heal in one day, says the secret [99].",
    "pulley " * 200,
    '{"action": "fetch", "text": "https://example.org/pulley", "sources": [1]}',
    '{"action": "search", "text": "secret pulley", "sources": []}',
    '{"action": "read", "text": "", "sources": [1]}',
    '{"action": "compare", "text": "", "sources": [1, 99]}',
    '{"action": "finish"}',
    "{{question}} {sources} [[[[[",
    "שלום 🧗 ‮ pulley",
)
hostile = st.lists(st.sampled_from(REPLIES) | st.text(max_size=80), min_size=1, max_size=6)


class StrategyContract:
    """Inherit from this and supply ``make``, ``needs_model`` and ``most_calls``.

    ``reads_whole`` says that it brings one document whole where it finds any.
    """

    needs_model = True
    reads_whole = False
    most_calls = 1

    @staticmethod
    def make() -> Strategy:
        raise NotImplementedError

    def gather(self, query: Query, *replies: str) -> tuple[list[Step | Notice], Gathered]:
        """All that comes before the end, and the end."""
        *before, gathered = self.make().gather(query, FakeDesk(SayingModel(*replies)))
        assert isinstance(gathered, Gathered)
        assert not any(isinstance(item, Gathered) for item in before)
        return [item for item in before if not isinstance(item, Gathered)], gathered

    def check_what_is_found(self, replies: list[str], k: int) -> None:
        """Ranked passages of the library and nothing else, from a bounded number of calls."""
        model = SayingModel(*replies)
        *_, gathered = self.make().gather(Query(QUESTION, k=k), FakeDesk(model))
        assert isinstance(gathered, Gathered)
        hits = gathered.result.hits
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert len({hit.passage.id for hit in hits}) == len(hits)
        assert all(hit.passage.text in DOCUMENTS[hit.document.id] for hit in hits)
        assert gathered.whole == self.reads_whole
        if gathered.whole:
            (document,) = {hit.document.id for hit in hits}
            assert tuple(hit.passage.text for hit in hits) == DOCUMENTS[document]
        else:
            assert 0 < len(hits) <= k
        assert gathered.result.question == QUESTION
        assert len(model.prompts) <= self.most_calls
        assert (len(model.prompts) > 0) == self.needs_model

    def check_what_is_looked_at(self, replies: list[str]) -> None:
        """Only what filters and collections let through; each look is a step that fits JSON."""
        filters = (Filter("id", "=", "elbow"),)
        query = Query("Does tennis elbow heal faster than a pulley?", filters=filters)
        desk = FakeDesk(SayingModel(*replies))
        *before, gathered = self.make().gather(query, desk)
        assert isinstance(gathered, Gathered)
        assert {hit.document.id for hit in gathered.result.hits} == {"elbow"}
        for asked in (*desk.searches, *desk.surveys, *desk.readings):
            assert asked.filters[:1] == filters
            assert asked.collections == MAIN
            assert asked.ranking == query.ranking
        steps = [item for item in before if isinstance(item, Step)]
        prompts = [step.detail["messages"] for step in steps if step.kind == "prompt"]
        shown = ["\n".join(one["content"] for one in messages) for messages in prompts]
        assert shown == desk.prompts
        self.check_looks(steps, desk)
        assert len(json.dumps([dict(step.detail) for step in steps])) < 60_000

    @staticmethod
    def check_looks(steps: list[Step], desk: FakeDesk) -> None:
        """Every search, survey and reading is in the trace, as deep as it was."""
        queries = [step for step in steps if step.kind == "query"]
        surveys = [step.detail for step in queries if step.name == "articles"]
        searches = [step.detail for step in queries if step.name != "articles"]
        assert surveys == [{"text": one.text, "k": one.k} for one in desk.surveys]
        assert searches == [{"text": one.text, "k": one.k} for one in desk.searches]
        found = [steps[steps.index(step) + 1] for step in queries if step.name != "articles"]
        expected = [[hit.passage.id for hit in desk.search(q).hits] for q in (*desk.searches,)]
        assert [[row["passage"] for row in step.detail["hits"]] for step in found] == expected
        reads = [step for step in steps if step.kind == "hits" and step.name == "read"]
        assert len(reads) == len(desk.readings)

    def test_the_same_replies_gather_the_same(self) -> None:
        def told() -> list[object]:
            before, gathered = self.gather(Query(QUESTION), REPLIES[3], REPLIES[8])
            steps = [replace(s, seconds=0.0) if isinstance(s, Step) else s for s in before]
            return [*steps, gathered.result.hits]

        assert told() == told()

    def test_fewer_hits_are_the_first_of_more(self) -> None:
        few = self.ids(2, REPLIES[4], REPLIES[8])
        assert few == self.ids(4, REPLIES[4], REPLIES[8])[: len(few)]

    def test_a_model_that_fails_leaves_the_plain_search(self) -> None:
        before, gathered = self.gather(Query(QUESTION, k=3))
        if not self.reads_whole:
            assert gathered.result.hits == FakeDesk().search(Query(QUESTION, k=3)).hits
        codes = [item.code for item in before if isinstance(item, Notice)]
        assert codes == (["strategy_fallback"] if self.needs_model else [])

    def test_nothing_is_found_where_nothing_is(self) -> None:
        *_, gathered = self.make().gather(
            Query("zebra crossings"), FakeDesk(SayingModel("What are zebra crossings for?"))
        )
        assert isinstance(gathered, Gathered)
        assert gathered.result.hits == ()

    def test_without_a_language_model_it_says_so_in_one_line(self) -> None:
        if not self.needs_model:
            list(self.make().gather(Query(QUESTION), FakeDesk(None)))
            return
        with pytest.raises(QueryError, match="needs a language model and there is none") as failure:
            list(self.make().gather(Query(QUESTION), FakeDesk(None)))
        assert "\n" not in str(failure.value)
        assert "--strategy plain" in str(failure.value)

    def test_the_secret_is_there_for_those_who_may_see_it(self) -> None:
        _, gathered = self.gather(Query("secret pulley", collections=("main", "own")), "")
        assert "secret" in {hit.document.id for hit in gathered.result.hits}
        _, gathered = self.gather(Query("secret pulley"), "The secret pulley injury heals.")
        assert {hit.document.id for hit in gathered.result.hits} <= set(PUBLIC)

    def ids(self, k: int, *replies: str) -> list[str]:
        """Passages found, in order."""
        _, gathered = self.gather(Query(QUESTION, k=k), *replies)
        return [hit.passage.id for hit in gathered.result.hits]
