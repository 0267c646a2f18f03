from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.answer.strategies.agent import AgentStrategy
from dragtor.answer.strategies.decompose import DecomposeStrategy
from dragtor.answer.strategies.hyde import HydeStrategy
from dragtor.answer.strategies.plain import PlainStrategy
from dragtor.answer.strategies.replies import is_echo, lines, share
from dragtor.answer.strategies.step_back import StepBackStrategy
from dragtor.answer.strategies.summary import SummaryStrategy
from dragtor.build import STRATEGIES, WITHOUT_MODEL
from dragtor.config import Settings
from dragtor.interfaces import Strategy
from dragtor.types import Gathered, Notice, Query, Step, Usage
from tests.answer.strategies.desk import FakeDesk, SayingModel
from tests.contracts.strategy import QUESTION, StrategyContract, hostile
from tests.fakes import WORDING

PROMPTS = Settings().prompts
MAX_STEPS = 3


class TestPlain(StrategyContract):
    needs_model = False
    make = staticmethod(PlainStrategy)


class TestSummary(StrategyContract):
    needs_model = False
    reads_whole = True
    make = staticmethod(SummaryStrategy)


class TestStepBack(StrategyContract):
    @staticmethod
    def make() -> Strategy:
        return StepBackStrategy(PROMPTS.step_back)


class TestHyde(StrategyContract):
    @staticmethod
    def make() -> Strategy:
        return HydeStrategy(PROMPTS.hyde)


class TestDecompose(StrategyContract):
    @staticmethod
    def make() -> Strategy:
        return DecomposeStrategy(PROMPTS.decompose)


class TestAgent(StrategyContract):
    most_calls = MAX_STEPS * 4

    @staticmethod
    def make() -> Strategy:
        return AgentStrategy(PROMPTS.agent, PROMPTS.compare, WORDING, MAX_STEPS)


def test_every_strategy_on_offer_is_held_to_the_contract() -> None:
    tested = {case.make().name for case in StrategyContract.__subclasses__()}
    assert tested == set(STRATEGIES)
    modest = {one.make().name for one in StrategyContract.__subclasses__() if not one.needs_model}
    assert modest == WITHOUT_MODEL


CASES = StrategyContract.__subclasses__()


@pytest.mark.parametrize("case", CASES)
@settings(deadline=None, max_examples=60)
@given(replies=hostile, k=st.integers(min_value=1, max_value=12))
def test_whatever_a_model_says_it_ends_with_ranked_passages(
    case: type[StrategyContract], replies: list[str], k: int
) -> None:
    case().check_what_is_found(replies, k)


@pytest.mark.parametrize("case", CASES)
@settings(deadline=None, max_examples=60)
@given(replies=hostile)
def test_whatever_a_model_says_it_looks_at_nothing_it_may_not(
    case: type[StrategyContract], replies: list[str]
) -> None:
    case().check_what_is_looked_at(replies)


def gather(
    strategy: Strategy, model: SayingModel, question: str = QUESTION, k: int = 4
) -> tuple[list[str], list[Step], list[Notice], FakeDesk]:
    """Passages found in order, steps, notices, and the desk they were found at."""
    desk = FakeDesk(model)
    *before, gathered = strategy.gather(Query(question, k=k), desk)
    assert isinstance(gathered, Gathered)
    steps = [item for item in before if isinstance(item, Step)]
    notices = [item for item in before if isinstance(item, Notice)]
    return [hit.passage.id for hit in gathered.result.hits], steps, notices, desk


def searches(desk: FakeDesk) -> list[str]:
    return [query.text for query in desk.searches]


def plain(question: str = QUESTION, k: int = 4) -> list[str]:
    return [hit.passage.id for hit in FakeDesk().search(Query(question, k=k)).hits]


# --- a general question ------------------------------------------------------------------


def test_a_more_general_question_is_searched_for_as_well() -> None:
    model = SayingModel("How do pulley injuries heal?")
    _, steps, notices, desk = gather(TestStepBack.make(), model)
    assert searches(desk) == [QUESTION, "How do pulley injuries heal?"]
    assert notices == []
    kinds = [step.kind for step in steps]
    assert kinds == ["query", "hits", "prompt", "reply", "decision", "query", "hits", "hits"]
    assert steps[4].detail == {"searches": ["How do pulley injuries heal?"]}


@pytest.mark.parametrize("reply", ["", QUESTION.upper(), "Who won the race?", "...", "2."])
def test_a_reply_that_is_no_other_question_leaves_the_plain_search(reply: str) -> None:
    found, steps, notices, desk = gather(TestStepBack.make(), SayingModel(reply))
    assert found == plain()
    assert searches(desk) == [QUESTION]
    assert [notice.code for notice in notices] == ["strategy_fallback"]
    assert steps[-1].detail["fallback"] == "plain"


def test_hits_keep_their_scores_for_the_question_itself_and_no_others() -> None:
    desk = FakeDesk(SayingModel("How are calluses and torn skin kept?"))
    strategy = StepBackStrategy("Of {question}")
    *_, gathered = strategy.gather(Query("Which torn pulley injuries are kept?", k=12), desk)
    assert isinstance(gathered, Gathered)
    own = {h.passage.id: h.scores for h in FakeDesk().search(Query(QUESTION, k=12)).hits}
    assert own
    asked = FakeDesk().search(Query("Which torn pulley injuries are kept?", k=12)).hits
    words = {hit.passage.id: hit.scores["words"] for hit in asked}
    for hit in gathered.result.hits:
        assert hit.scores.get("words") == words.get(hit.passage.id)
        assert hit.score == hit.scores["merged"]


# --- a made-up passage -------------------------------------------------------------------

IMAGINED = "A grade II pulley injury takes ninety days and a helicopter."


def test_a_made_up_passage_is_searched_for_with_the_question_and_is_no_evidence() -> None:
    desk = FakeDesk(SayingModel(IMAGINED))
    *_, gathered = TestHyde.make().gather(Query(QUESTION), desk)
    assert isinstance(gathered, Gathered)
    assert searches(desk) == [QUESTION, f"{QUESTION}\n{IMAGINED}"]
    assert gathered.result.question == QUESTION
    assert not any("helicopter" in hit.passage.text for hit in gathered.result.hits)


def test_a_passage_that_circles_is_cut_off_where_it_begins_to() -> None:
    model = SayingModel("Pulley injuries need rest. " * 9)
    _, steps, _, _ = gather(TestHyde.make(), model)
    assert steps[3].detail["text"].count("rest") == 1


# --- parts -------------------------------------------------------------------------------

BOTH = "Which heals faster, a pulley injury or tennis elbow?"
PARTS = "1. How fast does a pulley injury heal?\n2. How fast does tennis elbow heal?"


def test_each_part_of_a_question_is_represented() -> None:
    found, _, _, desk = gather(TestDecompose.make(), SayingModel(PARTS), BOTH, k=3)
    assert searches(desk) == [BOTH, *(line[3:] for line in PARTS.splitlines())]
    firsts = [FakeDesk().search(query).hits[0].passage.id for query in desk.searches]
    assert found[: len(set(firsts))] == list(dict.fromkeys(firsts))
    assert {"pulleys-2", "elbow-2"} <= set(found)


def test_parts_are_few_all_different_and_about_the_question() -> None:
    reply = "\n".join(
        [
            BOTH,
            "Which company makes the iPhone, and who founded it?",
            "- How does tennis elbow heal?",
            "- Does tennis elbow heal?",
            "- How does a pulley heal?",
            "- What is tennis elbow?",
            "- What is a pulley injury?",
        ]
    )
    _, _, _, desk = gather(TestDecompose.make(), SayingModel(reply), BOTH)
    assert searches(desk)[1:] == [
        "How does tennis elbow heal?",
        "How does a pulley heal?",
        "What is tennis elbow?",
    ]


# --- an agent ----------------------------------------------------------------------------


def move(action: str, text: str = "", *sources: int) -> str:
    return json.dumps({"action": action, "text": text, "sources": sources})


def decisions(steps: list[Step]) -> list[object]:
    """What was decided, action by action."""
    made = [step.detail for step in steps if step.kind == "decision"]
    return [detail.get("action") or next(iter(detail)) for detail in made]


def test_an_agent_searches_reads_compares_and_finishes() -> None:
    model = SayingModel(
        move("search", "tennis elbow training"),
        move("read", "", 1),
        move("compare", "", 1, 2),
        json.dumps({"agree": "no", "point": "six weeks against twelve"}),
        move("finish"),
    )
    strategy = AgentStrategy(PROMPTS.agent, PROMPTS.compare, WORDING, 6)
    found, steps, notices, desk = gather(
        strategy, model, "How long do pulley injuries take to heal?", k=6
    )
    assert decisions(steps) == ["search", "read", "compare", "compared", "finish"]
    assert searches(desk) == ["How long do pulley injuries take to heal?", "tennis elbow training"]
    assert notices == []
    assert {"pulleys-1", "pulleys-2", "pulleys-3", "elbow-2"} <= set(found)
    assert "agree: no. six weeks against twelve" in model.prompts[-1]
    assert "Grade IV pulley injuries need surgery." in model.prompts[2]  # read whole by then


# A library where the plain search finds fillers, and one passage answers in other words.
TOWN = {
    **{f"filler{n}": (f"Pulley injury heal grade remark number{n}.",) for n in range(40)},
    "answer": ("Old preface.", "Annular ligament ruptures mend after six weeks of splinting."),
    "against": ("Another view: splinting an annular ligament takes nine weeks.",),
}
SEARCH = move("search", "annular ligament ruptures mend by splinting")


def found_in_town(*replies: str, k: int = 4) -> list[str]:
    desk = FakeDesk(SayingModel(*replies), TOWN)
    *_, gathered = AgentStrategy(PROMPTS.agent, PROMPTS.compare, WORDING, 6).gather(
        Query(QUESTION, k=k), desk
    )
    assert isinstance(gathered, Gathered)
    return [hit.passage.id for hit in gathered.result.hits]


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ([SEARCH], {"answer-2"}),
        ([SEARCH, move("search", "surgery of pulleys number7")], {"answer-2"}),
        ([SEARCH, move("search", "remark number8"), move("read", "", 4)], {"answer-2"}),
        (
            [
                SEARCH,
                move("compare", "", 4, 5),
                json.dumps({"agree": "no", "point": "six against nine weeks"}),
                move("search", "remark number9"),
            ],
            {"answer-2", "against-1"},
        ),
    ],
)
def test_what_only_an_agent_found_is_among_the_final_passages(
    replies: list[str], expected: set[str]
) -> None:
    plain_ids = [hit.passage.id for hit in FakeDesk(None, TOWN).search(Query(QUESTION, k=30)).hits]
    assert not expected & set(plain_ids)
    found = found_in_town(*replies, move("finish"))
    assert found[0] == plain_ids[0]
    assert expected <= set(found)
    assert found == found_in_town(*replies, move("finish"), k=9)[:4]


def test_the_sources_an_agent_ends_with_come_before_all_else_it_found() -> None:
    searches = [SEARCH, *(move("search", f"remark number{n}") for n in range(20, 23))]
    number = 4  # the plain search shows three sources, and the first that it found is next
    assert "answer-2" not in found_in_town(*searches, move("finish"))
    found = found_in_town(*searches, move("finish", "", number, 99))
    assert found[1] == "answer-2"


def test_a_document_that_is_read_twice_counts_once() -> None:
    other = json.dumps({"agree": "yes", "point": ""})
    once = found_in_town(SEARCH, move("compare", "", 4, 5), other, move("finish"), k=12)
    twice = found_in_town(
        SEARCH, move("read", "", 4), move("compare", "", 4, 5), other, move("finish"), k=12
    )
    assert once == twice


@pytest.mark.parametrize(("steps", "said"), [(1, "after 1 step ("), (2, "after 2 steps (")])
def test_the_last_step_is_counted_in_the_right_number(steps: int, said: str) -> None:
    strategy = AgentStrategy(PROMPTS.agent, PROMPTS.compare, WORDING, steps)
    replies = (move("search", "tennis elbow"), move("read", "", 1))
    _, _, (notice,), _ = gather(strategy, SayingModel(*replies))
    assert said in notice.text


def test_what_the_model_read_and_wrote_is_in_the_steps() -> None:
    model = SayingModel(move("read", "", 1), move("finish"))
    _, steps, *_ = gather(TestAgent.make(), model)
    assert [step.usage for step in steps if step.kind == "reply"] == [Usage(1, 1)] * 2
    _, steps, *_ = gather(TestHyde.make(), SayingModel(IMAGINED))
    assert [step.usage for step in steps if step.usage != Usage()] == [Usage(1, 1)]


def test_an_agent_stops_at_its_last_step_and_says_so() -> None:
    replies = [
        move("search", f"pulley injury {n}") for n in ("grade", "ring", "surgery", "rupture")
    ]
    found, _, notices, desk = gather(TestAgent.make(), SayingModel(*replies))
    assert len(desk.searches) == 1 + MAX_STEPS
    assert [notice.code for notice in notices] == ["agent_stopped"]
    assert "3 steps (agent.max_steps)" in notices[0].text
    assert found


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        (["I would rather talk."], "the model gave no next step"),
        ([move("fetch", "https://example.org")], "the model gave no next step"),
        ([move("search", "?!"), move("read", "", 99)], "the model's steps make no sense"),
        ([move("search", "zebra"), move("search", "Zebra?")], "the model repeats itself"),
        ([move("search", QUESTION.upper()), move("read")], "the model's steps make no sense"),
        (
            [move("search", "search"), move("search", "the next step: read one source, finish")],
            "the model's steps make no sense",
        ),
    ],
)
def test_an_agent_that_leads_nowhere_leaves_the_plain_search(replies: list[str], why: str) -> None:
    found, _, notices, desk = gather(TestAgent.make(), SayingModel(*replies))
    assert found == plain()
    assert set(searches(desk)) <= {QUESTION, "zebra"}
    assert [notice.code for notice in notices] == ["strategy_fallback"]
    assert why in notices[0].text


def test_what_an_agent_found_before_it_repeated_itself_is_kept() -> None:
    same = move("search", "tennis elbow pulley")
    found, steps, notices, _ = gather(TestAgent.make(), SayingModel(same, same), k=8)
    assert any(id.startswith("elbow") for id in found)
    assert notices == []
    assert steps[-2].detail == {"finish": "the model repeats itself"}


def test_an_agent_learns_why_a_step_was_not_made() -> None:
    model = SayingModel(move("compare", "", 1, 1), move("finish"))
    _, steps, notices, desk = gather(TestAgent.make(), model)
    assert "[1, 1] does not name 2 different sources of 1 to" in model.prompts[-1]
    assert decisions(steps) == ["compare", "refused", "finish"]
    assert desk.readings == []
    assert notices == []


def test_the_first_passages_an_agent_ends_with_are_those_of_the_question() -> None:
    model = SayingModel(move("search", "torn calluses skin pulley"), move("finish"))
    found, *_ = gather(TestAgent.make(), model)
    assert found[0] == plain()[0]


# --- replies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("", []),
        ("- \n* **\n\n", []),
        ("1. 2. What?", ["What?"]),
        ("More general: “How do pulleys heal?”", ["How do pulleys heal?"]),
        ("Sub-question 1: Why?\nQuestion: Who?", ["Why?", "Who?"]),
        ("2.5 kg is what?", ["2.5 kg is what?"]),
    ],
)
def test_markers_labels_and_quotation_marks_are_no_part_of_a_line(
    reply: str, expected: list[str]
) -> None:
    assert lines(reply) == expected


@given(st.text())
def test_any_reply_has_lines_that_are_short_and_not_empty(reply: str) -> None:
    assert all(0 < len(line) <= 300 for line in lines(reply))


@given(st.text(), st.text())
def test_a_share_is_a_share_and_an_echo_is_mutual(one: str, other: str) -> None:
    assert 0 <= share(one, other) <= 1
    assert is_echo(one, other) == is_echo(other, one)
    assert is_echo(one, one.upper()) or one.upper().lower() != one.lower()
