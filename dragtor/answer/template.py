"""Chat templates: a conversation as the one text a model reads, by the template in its GGUF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from dragtor.errors import ModelError
from dragtor.types import Message

Render = Callable[[Sequence[Message]], str]


def renderer(llama: Any, path: Path) -> Render:  # noqa: ANN401
    """What renders prompts for a loaded model; ``path`` is its file, for messages.

    Raises ModelError where there is no template, or a broken one; so does what it returns for a
    conversation that the template refuses.
    """
    from jinja2 import TemplateError
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    template = llama.metadata.get("tokenizer.chat_template")
    if not template:
        raise ModelError(
            f"{path} has no chat template: it is no instruct model; choose one that is"
        )
    try:
        formatter = Jinja2ChatFormatter(
            template=template,
            eos_token=_token_text(llama, llama.token_eos()),
            bos_token=_token_text(llama, llama.token_bos()),
        )
    except TemplateError as error:
        raise ModelError(f"{path} has a broken chat template: {error}") from None

    def render(messages: Sequence[Message]) -> str:
        failure: Exception | None = None
        for version in (messages, _without_system(messages)):
            try:
                turns = [{"role": turn.role, "content": turn.content} for turn in version]
                return str(formatter(messages=turns).prompt)
            except (ValueError, TypeError, TemplateError) as error:
                failure = failure or error
        raise ModelError(f"the chat template of {path} refuses the prompt: {failure}")

    return render


def _without_system(messages: Sequence[Message]) -> Sequence[Message]:
    """The system message put in front of the first user message: some templates know no system."""
    if len(messages) < 2 or messages[0].role != "system":
        return messages
    system, first, *rest = messages
    return [Message(first.role, f"{system.content}\n\n{first.content}"), *rest]


def _token_text(llama: Any, token: int) -> str:  # noqa: ANN401
    return str(llama._model.token_get_text(token)) if token != -1 else ""
