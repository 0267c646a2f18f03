import pytest

from dragtor.answer.answerability import Calibration, Coefficient
from dragtor.answer.refusal import CalibratedRefuser
from dragtor.types import Decision, Sentence, Support
from tests.answer.test_answerability import FOUND, SENTENCES

CALIBRATION = Calibration(
    coefficients={"passage_cosine": Coefficient(0.5, 0.1, 1.0)},
    intercept=0.0,
    threshold=0.4,
    draft={"best_support": Coefficient(0.5, 0.1, 1.0), "model_refused": Coefficient(0, 1, -4.0)},
)
QUESTION = "Does the A2 pulley tear?"
# passage_cosine is 0.7, two above the centre: sigmoid(2) = 0.8808
LIKELY = 0.8808


def drafted(support: float) -> list[Sentence]:
    return [Sentence("So.", Support("yes", support))]


def test_it_refuses_below_the_threshold_and_says_why() -> None:
    decision = CalibratedRefuser(CALIBRATION).before(QUESTION, [FOUND], SENTENCES)
    assert (decision.answerable, decision.refuse) == (pytest.approx(LIKELY, abs=1e-4), False)
    assert decision.because["passage_cosine"] == 0.7
    assert decision.because["refuse_below"] == 0.4


@pytest.mark.parametrize(
    ("below", "refuse"), [(0.0, False), (0.88, False), (0.89, True), (1.0, True)]
)
def test_a_number_takes_the_place_of_the_fitted_threshold(below: float, refuse: bool) -> None:
    decision = CalibratedRefuser(CALIBRATION, below).before(QUESTION, [FOUND], SENTENCES)
    assert decision.refuse is refuse


def test_without_evidence_it_refuses_in_any_case() -> None:
    refuser = CalibratedRefuser(CALIBRATION, 0.0)
    decision = refuser.before(QUESTION, [], [])
    assert decision == Decision(0.0, refuse=True)
    assert refuser.after(decision, drafted(1.0), model_refused=False) == decision


def test_a_draft_that_holds_speaks_for_an_answer_and_a_model_that_refuses_against_it() -> None:
    refuser = CalibratedRefuser(CALIBRATION)
    before = refuser.before(QUESTION, [FOUND], SENTENCES)
    held = refuser.after(before, drafted(0.8), model_refused=False)
    loose = refuser.after(before, drafted(0.3), model_refused=False)
    refused = refuser.after(before, drafted(0.5), model_refused=True)
    assert refused.answerable < loose.answerable < before.answerable < held.answerable
    # 2 - 4 = -2: sigmoid(-2) = 0.1192
    assert (refused.answerable, refused.refuse) == (pytest.approx(0.1192, abs=1e-4), True)
    assert refused.because["model_refused"] == 1.0
    assert refused.because["passage_cosine"] == 0.7


def test_a_draft_without_a_sentence_has_no_support() -> None:
    refuser = CalibratedRefuser(CALIBRATION)
    before = refuser.before(QUESTION, [FOUND], SENTENCES)
    assert refuser.after(before, [], model_refused=False).because["best_support"] == 0.0
