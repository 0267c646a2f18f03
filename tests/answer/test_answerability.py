import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragtor.answer import answerability
from dragtor.answer.answerability import Calibration, Coefficient, figures
from dragtor.types import DocumentInfo, Evidence, Hit, Location, Passage, Span


def hit(*sentences: str, title: str = "Notes", **scores: float) -> Hit:
    text = " ".join(sentences)
    passage = Passage(f"p-{text[:12]}", 0, len(text), text)
    info = DocumentInfo("d", "file:///d", title, "text")
    return Hit(1, scores.get("dense", 0.0), scores, passage, info, Location())


def evidence(found: Hit, *pieces: tuple[str, float]) -> list[Evidence]:
    spans = ((found.passage.text.index(text), text, cosine) for text, cosine in pieces)
    return [Evidence(found, Span(at, at + len(t)), c, 0.0, c) for at, t, c in spans]


TEAR, REST, TAPE = "The A2 pulley tears.", "Rest heals it in 6 weeks.", "Tape does not help."
FOUND = hit(TEAR, REST, TAPE, dense=0.7)
SENTENCES = evidence(FOUND, (TEAR, 0.6), (REST, 0.4), (TAPE, 0.1))


def test_every_figure_by_hand() -> None:
    found = figures("Does the A2 pulley tear again?", [FOUND, hit("Elbow.", dense=0.5)], SENTENCES)
    # asked: a2, pulley, tear ("again" is a stop word); the first sentence holds all three
    assert found == pytest.approx(
        {
            "passage_cosine": 0.7,
            "margin": 0.2,
            "sentence_cosine": 0.6,
            "sentence_match": 0.6,
            "missing_words": 0.0,
            "missing_numbers": 0.0,
            "missing_names": 0.0,
            "only_question_negated": 0.0,
        }
    )


def test_what_the_question_says_and_nothing_found_does_counts_against_it() -> None:
    found = figures("Why did Joubert not rest 12 knees?", [FOUND], SENTENCES)
    # asked: joubert, rest, 12, knee; the best sentence is "Rest heals …" with 1 of 4
    assert found["sentence_match"] == pytest.approx(0.4 / 4)
    assert found["missing_words"] == pytest.approx(math.log(1 + 3))
    assert (found["missing_numbers"], found["missing_names"]) == (1.0, 1.0)
    assert found["only_question_negated"] == 1.0


def test_neighbours_title_and_heading_bear_a_sentence_out_but_other_passages_do_not() -> None:
    question = "Does a pulley rest in the notes of climbers?"
    assert figures(question, [FOUND], SENTENCES)["missing_words"] == pytest.approx(math.log(2))
    apart = [*evidence(FOUND, (TEAR, 0.6)), *evidence(hit(REST), (REST, 0.4))]
    assert figures(question, [FOUND, hit(REST)], apart)["missing_words"] > math.log(2)


def test_a_heading_counts_for_the_sentences_below_it() -> None:
    green = "Green means go on."
    found = replace(hit(green, dense=0.3), location=Location(heading="Pain as a traffic light"))
    question = "What is the traffic light for pain?"
    (item,) = evidence(found, (green, 0.2))
    # all of traffic, light and pain stand in the heading
    below = figures(question, [found], [replace(item, heading_cosine=0.5)])
    assert (below["sentence_cosine"], below["sentence_match"]) == (0.5, 0.5)
    assert below["missing_words"] == 0.0
    apart = figures(question, [found], [replace(item, heading_cosine=None)])
    assert (apart["sentence_cosine"], apart["sentence_match"]) == (0.2, 0.2)
    lower = figures(question, [found], [replace(item, heading_cosine=0.1)])
    assert lower == apart


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How are grade II tears treated?", 0.0),
        ("How are grade 2 tears treated?", 0.0),
        ("How are grade two tears treated?", 0.0),
        ("How are grade III tears treated?", 1.0),
        ("How are grade 3 tears treated?", 1.0),
        ("Do three of 2 tears heal?", 0.5),
        ("Is one tear treated?", 0.0),
    ],
)
def test_numbers_count_in_digits_words_and_roman(question: str, missing: float) -> None:
    text = "Tears of grade II are treated without surgery."
    found = hit(text, dense=0.6)
    seen = figures(question, [found], evidence(found, (text, 0.6)))
    assert seen["missing_numbers"] == pytest.approx(missing)
    assert seen["missing_names"] == 0.0


def test_a_grade_that_no_source_speaks_of_is_less_likely_answered() -> None:
    text = "Tears of grade II are treated without surgery."
    found = hit(text, dense=0.6)
    two, three = (
        answerability.default().probability(
            figures(f"How are grade {grade} tears treated?", [found], evidence(found, (text, 0.6)))
        )
        for grade in ("II", "III")
    )
    assert three < two - 0.05


def test_what_is_not_known_is_left_out() -> None:
    alone = figures("pulley?", [FOUND], SENTENCES)
    assert "margin" not in alone
    by_words = figures("pulley?", [hit(TEAR, keyword=3.0)], SENTENCES)
    assert not {"margin", "passage_cosine"} & set(by_words)
    assert figures("pulley?", [FOUND], []) == {}


@settings(deadline=None)
@given(st.text(), st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_figures_are_finite_for_any_text(question: str, sentences: list[str]) -> None:
    found = hit(*sentences, dense=0.3)
    pieces = [Evidence(found, Span(0, len(text)), 0.3, 0.0, 0.3) for text in sentences]
    assert all(map(math.isfinite, figures(question, [found], pieces).values()))


def test_the_probability_is_that_of_the_formula() -> None:
    calibration = Calibration(
        coefficients={"a": Coefficient(0.5, 0.25, 2.0), "b": Coefficient(1.0, 1.0, -1.0)},
        intercept=0.1,
        threshold=0.3,
        draft={"c": Coefficient(0.0, 1.0, 0.5)},
        slope=0.5,
        shift=0.2,
    )
    # logit = 0.1 + 2 (0.75 - 0.5) / 0.25 - (3 - 1) = 0.1; adjusted 0.5 x 0.1 + 0.2 = 0.25
    assert calibration.probability({"a": 0.75, "b": 3.0}) == pytest.approx(
        1 / (1 + math.exp(-0.25))
    )
    # without b: logit 2.1, adjusted 1.25; what no coefficient names adds nothing
    before = calibration.probability({"a": 0.75, "x": 9.0})
    assert before == pytest.approx(1 / (1 + math.exp(-1.25)))
    assert calibration.with_draft(before, {"c": 2.0}) == pytest.approx(1 / (1 + math.exp(-2.25)))
    data = json.loads(json.dumps(answerability.to_data(calibration)))
    assert answerability.from_data(data) == calibration


def test_the_packaged_calibration_goes_the_way_it_should() -> None:
    packaged = answerability.default()
    assert 0.0 < packaged.threshold < 0.5
    signs = {name: math.copysign(1, each.weight) for name, each in packaged.coefficients.items()}
    more = {"passage_cosine", "margin", "sentence_cosine", "sentence_match"}
    less = {"missing_words", "missing_numbers", "missing_names", "only_question_negated"}
    assert signs == {**dict.fromkeys(more, 1.0), **dict.fromkeys(less, -1.0)}
    assert packaged.draft["best_support"].weight > 0 > packaged.draft["model_refused"].weight


@pytest.mark.parametrize("logit", [-900.0, -3.0, 0.0, 2.5, 900.0])
def test_log_odds_undo_the_sigmoid_as_far_as_it_goes(logit: float) -> None:
    probability = answerability.sigmoid(logit)
    assert 0 < probability < 1
    assert answerability.log_odds(probability) == pytest.approx(max(min(logit, 30), -30), rel=1e-3)
