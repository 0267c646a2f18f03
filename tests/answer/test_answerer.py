from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dragtor.answer.answerer import GroundedAnswerer, Options
from dragtor.answer.llama import LlamaModel
from dragtor.answer.prompt import Templates
from dragtor.errors import EngineError, QueryError
from dragtor.interfaces import Answerer, LanguageModel
from dragtor.types import (
    Answer,
    Gathered,
    Hit,
    Notice,
    Query,
    SearchResult,
    Step,
    Token,
    Turn,
    Usage,
)
from tests.answer.conftest import hit
from tests.fakes import FixedRefuser, ScriptedModel, WordChecker, WordFinder

TEMPLATES = Templates(
    system="Answer from the passages, else say: {refusal}",
    context="{passages}",
    question="Question: {question}",
    refusal="The sources do not answer this question.",
)
HITS = (
    hit("The A2 pulley tears most often in climbers. Most tears heal in 6 weeks."),
    replace(
        hit("Warm up for 15 minutes before you hang.", document="d2", title="Hangboards"), rank=2
    ),
)
QUERY = Query("Which pulley tears most often?")


OPTIONS = Options(
    mode="write",
    max_tokens=50,
    context_tokens=400,
    quotes=2,
    unsupported="mark",
    support_yes=1.0,
)
Event = Token | Notice | Step | Answer


def answerer(
    model: LanguageModel | None,
    notices: Sequence[Notice] = (),
    refuser: FixedRefuser | None = None,
    **options: Any,
) -> GroundedAnswerer:
    return GroundedAnswerer(
        model,
        WordFinder(),
        WordChecker(),
        refuser or FixedRefuser(),
        TEMPLATES,
        replace(OPTIONS, **options),
        notices,
    )


def found(hits: Sequence[Hit] = HITS, *, whole: bool = False) -> Gathered:
    return Gathered(SearchResult(QUERY.text, tuple(hits), {}), whole)


def run(made: GroundedAnswerer, query: Query = QUERY) -> tuple[list[Event], Answer]:
    *events, answer = made.answer(query, found())
    assert isinstance(answer, Answer)
    return events, answer


def ask(said: str, **options: Any) -> tuple[list[Event], Answer]:
    return run(answerer(ScriptedModel([said]), **options))


def streamed(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def codes(answer: Answer) -> list[str]:
    return [notice.code for notice in answer.notices]


class TestGroundedAnswerer:
    def test_it_fits_the_protocol(self) -> None:
        fitting: Answerer = answerer(ScriptedModel([]))
        assert fitting

    def test_an_answer_comes_with_what_each_sentence_rests_on(self) -> None:
        events, answer = ask("The A2 pulley tears most often [2]. Bananas grow in Ecuador [1].")
        assert answer.kind == "answer"
        assert not answer.refused
        assert answer.text == "The A2 pulley tears most often. Bananas grow in Ecuador."
        assert streamed(events) == answer.text
        first, second = answer.sentences
        assert first.citations[0].quote == "The A2 pulley tears most often in climbers."
        assert second.citations == ()
        assert answer.hits == HITS
        assert answer.model == "scripted"
        assert answer.question == QUERY.text
        assert answer.usage.completion_tokens == 12
        assert 0 < answer.timings["first_token_s"] <= answer.timings["total_s"] < 10

    def test_sentences_without_support_are_counted_in_a_notice(self) -> None:
        _, answer = ask("The A2 pulley tears most often. Bananas grow in Ecuador.")
        assert codes(answer) == ["unsupported"]
        assert "1 of 2 sentences" in answer.notices[0].text

    def test_sentences_without_support_are_dropped_where_that_is_wanted(self) -> None:
        said = "Bananas grow.\nThe A2 pulley tears most often. Bananas fall. Most tears heal."
        events, answer = ask(said, unsupported="drop")
        assert answer.text == "The A2 pulley tears most often. Most tears heal."
        assert streamed(events).split() == answer.text.split()
        assert codes(answer) == ["dropped"]
        assert "2 of 4 sentences" in answer.notices[0].text
        assert [s.support.verdict for s in answer.sentences] == ["yes", "yes"]

    def test_without_hits_it_refuses_and_asks_no_model(self) -> None:
        model = ScriptedModel([])
        *events, answer = answerer(model).answer(QUERY, found([]))
        assert isinstance(answer, Answer)
        assert streamed(events) == TEMPLATES.refusal
        assert answer.refused
        assert (answer.text, answer.model, answer.hits) == (TEMPLATES.refusal, None, ())
        assert answer.nearest == ()
        assert model.prompts == []

    def test_what_the_sources_do_not_hold_is_refused_before_a_model_is_asked(self) -> None:
        model = ScriptedModel([])
        events, answer = run(answerer(model, refuser=FixedRefuser(0.1, refuse=True)))
        assert answer.refused
        assert model.prompts == []
        assert answer.decision is not None
        assert answer.decision.answerable == 0.1
        nearest = answer.nearest[0]
        assert nearest.quote == "The A2 pulley tears most often in climbers."
        assert streamed(events) == answer.text

    def test_where_no_sentence_is_borne_out_the_sources_speak(self) -> None:
        _, answer = ask("Bananas grow in Ecuador. They are yellow.")
        assert answer.kind == "quote"
        assert codes(answer) == ["quoted"]
        assert answer.sentences[0].text == "The A2 pulley tears most often in climbers."

    def test_an_answer_that_takes_the_question_for_granted_gives_way_to_the_sources(self) -> None:
        said = "Bananas tear the A2 pulley. The A2 pulley tears most often."
        _, answer = run(
            answerer(ScriptedModel([said])), Query("Why do bananas tear the A2 pulley?")
        )
        assert answer.kind == "quote"
        assert codes(answer) == ["presumed"]
        assert "bananas" not in answer.text.lower()

    def test_quotes_need_no_model(self) -> None:
        notice = Notice("no_model", "get one")
        _, answer = run(answerer(None, [notice]))
        assert (answer.kind, answer.model, answer.notices) == ("quote", None, (notice,))

    def test_without_a_model_nothing_can_be_written(self) -> None:
        with pytest.raises(QueryError, match="no language model"):
            run(answerer(None), replace(QUERY, mode="write"))
        with pytest.raises(QueryError, match="no prompt"):
            answerer(None).prompt(QUERY, HITS)

    def test_a_query_says_whether_the_model_writes(self) -> None:
        model = ScriptedModel(["The A2 pulley tears most often."])
        _, quoted = run(answerer(model), replace(QUERY, mode="quote"))
        assert (quoted.kind, quoted.notices, model.prompts) == ("quote", (), [])
        _, written = run(answerer(model, mode="quote"), replace(QUERY, mode="write"))
        assert written.kind == "answer"

    def test_every_step_is_told(self) -> None:
        events, _ = ask("The A2 pulley tears most often.")
        steps = [(step.kind, step.name) for step in events if isinstance(step, Step)]
        assert steps == [
            ("decision", "sources hold it"),
            ("prompt", "answer"),
            ("reply", "answer"),
            ("decision", "draft holds"),
        ]

    @pytest.mark.parametrize(
        "said",
        [
            "The sources do not answer this question.",
            "the sources do not answer this question [1]",
            "The sources don't answer this question. Bananas grow in Ecuador.",
            "The passages do not contain any information about bananas.",
            "I'm sorry, but the provided context does not mention how long that takes.",
        ],
    )
    def test_a_refusal_is_recognised(self, said: str) -> None:
        _, answer = ask(said)
        assert answer.refused
        assert answer.sentences == ()
        assert answer.model == "scripted"
        assert "unsupported" not in codes(answer)

    @pytest.mark.parametrize(
        "said",
        [
            "The sources do not answer this question. The A2 pulley tears most often.",
            "The A2 pulley tears most often. The passages do not say why.",
        ],
    )
    def test_an_answer_with_a_reservation_is_no_refusal(self, said: str) -> None:
        _, answer = ask(said)
        assert not answer.refused

    @pytest.mark.parametrize("said", ["", "   ", "[1]", "The answer is:", "1.", "It is:\n- "])
    def test_where_a_model_says_nothing_the_passages_speak(self, said: str) -> None:
        _, answer = ask(said)
        assert answer.kind == "quote"
        assert "quoted" in codes(answer)
        assert answer.sentences
        for sentence in answer.sentences:
            (citation,) = sentence.citations
            assert sentence.text == citation.quote
            passages = {hit.passage.id: hit.passage for hit in answer.hits}
            passage = passages[citation.passage_id]
            start = citation.start - passage.start
            assert passage.text[start : citation.end - passage.start] == citation.quote

    def test_an_empty_item_at_the_end_is_dropped(self) -> None:
        _, answer = ask("1. The A2 pulley tears most often.\n2.")
        assert answer.text == "1. The A2 pulley tears most often."
        assert answer.kind == "answer"

    def test_an_item_with_nothing_but_a_lead_in_is_dropped(self) -> None:
        _, answer = ask("The A2 pulley tears most often.\n\n2. The answer is:")
        assert answer.text == "The A2 pulley tears most often."

    def test_a_model_that_repeats_itself_is_stopped(self) -> None:
        model = ScriptedModel(["The A2 pulley tears most often. It can heal. " * 50])
        events, answer = run(answerer(model, max_tokens=400))
        assert answer.text == "The A2 pulley tears most often. It can heal."
        assert codes(answer)[0] == "repetition"
        assert model.written < 20
        assert answer.usage == Usage(model.count(model.prompts[0]), model.written)
        assert streamed(events).startswith(answer.text)

    def test_an_answer_that_is_cut_off_says_so(self) -> None:
        _, answer = ask("The A2 pulley tears most often in climbers.", max_tokens=4)
        assert answer.text == "The A2 pulley tears"
        assert "truncated" in codes(answer)
        assert "after 4 tokens" in answer.notices[0].text

    def test_only_passages_in_the_prompt_are_cited_and_dropped_ones_are_named(self) -> None:
        model = ScriptedModel(["Warm up for 15 minutes before you hang."], context_tokens=88)
        _, answer = run(answerer(model))
        assert codes(answer) == ["passages_dropped", "quoted"]
        assert {c.document_id for s in answer.sentences for c in s.citations} == {"d1"}
        assert answer.hits == HITS

    def test_notices_of_the_constructor_are_said_with_every_answer(self) -> None:
        notice = Notice("starter_model", "get a better one")
        _, answer = run(answerer(ScriptedModel(["The A2 pulley tears most often."]), [notice]))
        assert answer.notices == (notice,)

    def test_the_prompt_that_is_shown_is_the_one_the_model_gets(self) -> None:
        model = ScriptedModel(["Yes."])
        made = answerer(model)
        history = [Turn("How?", "So.")]
        shown = made.prompt(QUERY, HITS, history)
        list(made.answer(QUERY, found(), history))
        assert model.prompts == [shown.messages]
        assert shown.messages[-1].content == f"Question: {QUERY.text}"

    def test_closing_the_answer_stops_the_model(self) -> None:
        model = ScriptedModel(["The A2 pulley tears most often in climbers."])
        stream = answerer(model).answer(QUERY, found())
        next(event for event in stream if isinstance(event, Token))
        stream.close()  # type: ignore[attr-defined]
        assert model.written <= 2

    def test_a_question_that_is_too_long_is_refused_before_the_model_is_asked(self) -> None:
        with pytest.raises(QueryError, match="ask a shorter question"):
            list(answerer(ScriptedModel([])).answer(Query("why " * 10_000), found()))

    def test_an_engine_that_fails_is_reported(self) -> None:
        class Failing(ScriptedModel):
            def stream(self, *_: object, **__: object) -> object:  # type: ignore[override]
                raise EngineError("out of memory")

        with pytest.raises(EngineError, match="out of memory"):
            list(answerer(Failing([])).answer(QUERY, found()))  # type: ignore[arg-type]

    @pytest.mark.models
    def test_the_starter_model_answers_from_the_passages(self, starter: LlamaModel) -> None:
        _, answer = run(answerer(starter))
        assert "A2" in answer.text
        cited = {c.passage_id for sentence in answer.sentences for c in sentence.citations}
        assert cited <= {one.passage.id for one in answer.hits}


class TestReadingWhole:
    def test_hits_to_be_read_whole_are_all_in_the_prompt(self) -> None:
        model = ScriptedModel(["The A2 pulley tears most often."])
        *_, answer = answerer(model).answer(QUERY, found(whole=True))
        assert isinstance(answer, Answer)
        assert all(one.passage.text in model.prompts[0][-1].content for one in HITS)
        assert answer.kind == "answer"

    def test_what_is_too_long_is_read_in_passes_and_all_of_them_count(self) -> None:
        drafts = [
            "The A2 pulley tears most often in climbers.",
            "Warm up for 15 minutes before you hang.",
            "The A2 pulley tears most often in climbers.",
        ]
        model = ScriptedModel(drafts, context_tokens=90)
        *_, answer = answerer(model).answer(QUERY, found(whole=True))
        assert isinstance(answer, Answer)
        prompts = [model.count(prompt) for prompt in model.prompts]
        assert len(prompts) == 3
        assert answer.usage == Usage(sum(prompts), 24)
        assert "Most tears heal" not in model.prompts[2][-1].content
        assert answer.sentences[0].support.verdict == "yes"
