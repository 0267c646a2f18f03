"""Questions written by a language model."""

from __future__ import annotations

from pydantic import BaseModel, Field

from dragtor.answer.script import Script
from dragtor.answer.structured import Wording, structured
from dragtor.errors import StructureError
from dragtor.interfaces import LanguageModel

_MAX_TOKENS = 250


class Question(BaseModel):
    """What a model fills in."""

    question: str = Field(description="the question", max_length=240)
    quote: str = Field(description="the sentence that answers it, copied", max_length=600)


class ModelWriter:
    """Asks for a question that a passage alone answers, and for the sentence that does."""

    def __init__(self, model: LanguageModel, prompt: str, wording: Wording) -> None:
        self._model = model
        self._script = Script.parse("propose", prompt, "title", "text")
        self._wording = wording

    def write(self, title: str, passage: str) -> tuple[str, str] | None:
        """See :class:`dragtor.evaluate.proposing.Writer`. Raises ModelError and EngineError."""
        messages = self._script.messages(title=title, text=passage)
        try:
            made = structured(
                self._model, messages, Question, _MAX_TOKENS, self._wording, repairs=1
            )
        except StructureError:
            return None
        return made.question, made.quote
