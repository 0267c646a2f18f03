"""What is quoted from the sample library: judged by hand, with the starter encoder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dragtor.build import build
from dragtor.config import load_settings
from dragtor.pipeline import Dragtor
from dragtor.types import Answer, Query

ROOT = Path(__file__).parents[2]
JUDGED = [
    # question, words of which one must be quoted, words that must not be
    ("treatment for a torn ACL?", "anterior cruciate", "Buddy tape"),
    ("Is a lumbrical tear operated on?", "lumbrical", "Grade IV is usually operated on"),
    ("rest for a grade 4 pulley rupture?", "Grade IV|three months", "|"),
    ("How long do I rest a grade III pulley injury?", "Grade III|Grades I to III", "Grade IV"),
    ("How is a grade II pulley injury treated?", "treated without surgery", "Grade IV"),
    pytest.param(
        *("How do I prevent split fingertips?", "File its edges flat", "flexor"),
        marks=pytest.mark.xfail(strict=True, reason="a tendon passes through a split, too"),
    ),
    ("How do I treat a flapper?", "cut the loose skin away", "A split"),
    ("My child has pain in the finger middle joint", "at the back of the middle", "synovitis"),
    ("What is the traffic light rule for pain?", "Red, above 5", "Ottawa"),
    ("Should I tape healthy fingers?", "not on a healthy one", "buddy tape"),
    ("How much collagen should I take?", "10 to 15 g of gelatin", "|"),
    ("What is the hook test?", "hook of hamate pull test", "heel hook"),
    ("How can I avoid tennis elbow?", "tennis elbow", "pulley"),
    ("Which exercise helps golfer's elbow?", "reverse twist", "pulley"),
    ("What does a SLAP tear feel like?", "deep pain, clicking", "crimp"),
    ("How often should I hangboard?", "session", "pulley"),
    ("How do I treat an ankle sprain?", "sprain", "elbow"),
    ("Who must be seen by a physician with a red line on the arm?", "same day", "|"),
    ("Does creatine help climbers?", "Creatine, 3 to 5 g", "gelatin and"),
    ("When may a teenager with a growth plate fracture climb again?", "fracture", "synovitis"),
]


@pytest.fixture(scope="module")
def sample(starter_library: Path) -> Iterator[Dragtor]:
    to = [f"paths.library={starter_library}", "index.summaries=none", "llm.model=none"]
    with closing(build(load_settings(ROOT / "config" / "params.yml", to))) as dragtor:
        yield dragtor


@pytest.mark.models
@pytest.mark.parametrize(("question", "wanted", "unwanted"), JUDGED)
def test_what_is_quoted_is_about_the_question(
    sample: Dragtor, question: str, wanted: str, unwanted: str
) -> None:
    events = sample.ask(Query(question, k=4, mode="quote"))
    answer = next(event for event in events if isinstance(event, Answer))
    assert answer.kind == "quote"
    assert any(words in answer.text for words in wanted.split("|")), answer.text
    assert unwanted not in answer.text
