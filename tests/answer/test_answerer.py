from __future__ import annotations

from collections.abc import Sequence

import pytest

from dragtor.answer.answerer import GroundedAnswerer, refuses
from dragtor.answer.llama import LlamaModel
from dragtor.answer.prompt import Templates
from dragtor.answer.support import Thresholds
from dragtor.errors import EngineError, QueryError
from dragtor.interfaces import Answerer, LanguageModel
from dragtor.types import Answer, Hit, Notice, Query, Sentence, Support, Token, Turn, Usage
from tests.answer.conftest import by_words, hit
from tests.fakes import ScriptedModel

TEMPLATES = Templates(
    system="Answer from the passages, else say: {refusal}",
    context="{passages}",
    question="Question: {question}",
    refusal="The sources do not answer this question.",
)
HITS = (
    hit("The A2 pulley tears most often in climbers. Most tears heal in 6 weeks."),
    hit("Warm up for 15 minutes before you hang.", document="d2", title="Hangboards"),
)
QUERY = Query("Which pulley tears most often?")


def answerer(model: LanguageModel, notices: Sequence[Notice] = ()) -> GroundedAnswerer:
    return GroundedAnswerer(model, by_words, TEMPLATES, Thresholds(0.6, 0.4), 50, notices)


def ask(
    said: str, hits: Sequence[Hit] = HITS, history: Sequence[Turn] = (), max_tokens: int = 50
) -> tuple[list[Token | Notice], Answer]:
    made = GroundedAnswerer(
        ScriptedModel([said]), by_words, TEMPLATES, Thresholds(0.6, 0.4), max_tokens
    )
    *events, answer = made.answer(QUERY, hits, history)
    assert isinstance(answer, Answer)
    return [event for event in events if not isinstance(event, Answer)], answer


def streamed(events: Sequence[Token | Notice]) -> str:
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
        events, answer = ask("The A2 pulley tears most often. Bananas grow in Ecuador.")
        assert codes(answer) == ["unsupported"]
        assert "1 of 2 sentences" in answer.notices[0].text
        assert [event for event in events if isinstance(event, Notice)] == list(answer.notices)

    def test_without_hits_it_refuses_and_asks_no_model(self) -> None:
        model = ScriptedModel([])
        *events, answer = answerer(model).answer(QUERY, [])
        assert isinstance(answer, Answer)
        assert events == [Token(TEMPLATES.refusal)]
        assert answer.refused
        assert (answer.text, answer.model, answer.hits) == (TEMPLATES.refusal, None, ())
        assert model.prompts == []

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

    def test_a_model_that_repeats_itself_is_stopped(self) -> None:
        model = ScriptedModel(["The A2 pulley tears most often. It can heal. " * 50])
        made = GroundedAnswerer(model, by_words, TEMPLATES, Thresholds(0.6, 0.4), 400)
        *events, answer = made.answer(QUERY, HITS)
        assert isinstance(answer, Answer)
        assert answer.text == "The A2 pulley tears most often. It can heal."
        assert codes(answer)[0] == "repetition"
        assert model.written < 20
        assert answer.usage == Usage(model.count(model.prompts[0]), model.written)
        assert streamed([e for e in events if isinstance(e, Token)]).startswith(answer.text)

    def test_an_answer_that_is_cut_off_says_so(self) -> None:
        _, answer = ask("The A2 pulley tears most often in climbers.", max_tokens=4)
        assert answer.text == "The A2 pulley tears"
        assert "truncated" in codes(answer)
        assert "after 4 tokens" in answer.notices[0].text

    def test_only_passages_in_the_prompt_are_cited_and_dropped_ones_are_named(self) -> None:
        model = ScriptedModel(["Warm up for 15 minutes before you hang."], context_tokens=88)
        *events, answer = answerer(model).answer(QUERY, HITS)
        assert isinstance(answer, Answer)
        assert isinstance(events[0], Notice)
        assert events[0].code == "passages_dropped"
        assert codes(answer) == ["passages_dropped", "unsupported"]
        assert answer.sentences[0].citations == ()
        assert answer.hits == HITS

    def test_notices_of_the_constructor_are_said_with_every_answer(self) -> None:
        notice = Notice("starter_model", "get a better one")
        *events, answer = answerer(
            ScriptedModel(["The A2 pulley tears most often."]), [notice]
        ).answer(QUERY, HITS)
        assert isinstance(answer, Answer)
        assert answer.notices == (notice,)
        assert notice in events

    def test_the_prompt_that_is_shown_is_the_one_the_model_gets(self) -> None:
        model = ScriptedModel(["Yes."])
        made = answerer(model)
        history = [Turn("How?", "So.")]
        shown = made.prompt(QUERY, HITS, history)
        list(made.answer(QUERY, HITS, history))
        assert model.prompts == [shown.messages]
        assert shown.messages[-1].content == f"Question: {QUERY.text}"

    def test_closing_the_answer_stops_the_model(self) -> None:
        model = ScriptedModel(["The A2 pulley tears most often in climbers."])
        stream = answerer(model).answer(QUERY, HITS)
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert model.written <= 2

    def test_a_question_that_is_too_long_is_refused_before_the_model_is_asked(self) -> None:
        with pytest.raises(QueryError, match="ask a shorter question"):
            list(answerer(ScriptedModel([])).answer(Query("why " * 10_000), HITS))

    def test_an_engine_that_fails_is_reported(self) -> None:
        class Failing(ScriptedModel):
            def stream(self, messages: object, max_tokens: int) -> object:  # type: ignore[override]
                raise EngineError("out of memory")

        with pytest.raises(EngineError, match="out of memory"):
            list(answerer(Failing([])).answer(QUERY, HITS))  # type: ignore[arg-type]

    @pytest.mark.models
    def test_the_starter_model_answers_from_the_passages(self, starter: LlamaModel) -> None:
        *_, answer = answerer(starter).answer(QUERY, HITS)
        assert isinstance(answer, Answer)
        assert "A2" in answer.text
        cited = {c.passage_id for sentence in answer.sentences for c in sentence.citations}
        assert cited <= {one.passage.id for one in answer.hits}


def test_nothing_said_is_no_refusal() -> None:
    assert not refuses([], TEMPLATES.refusal)
    supported = Sentence("The sources do not contain iron.", Support("yes", 0.9))
    assert not refuses([supported], TEMPLATES.refusal)
