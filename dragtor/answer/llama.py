"""A language model in this process: a GGUF file run by llama.cpp."""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dragtor.answer import native
from dragtor.answer.citing import Citer
from dragtor.answer.grammar import grammar
from dragtor.answer.template import Render, renderer
from dragtor.errors import EngineError, ModelError
from dragtor.types import Message, Usage

# What may be a control token of some model: <|eot_id|>, </s>, [INST].
_CONTROL = re.compile(r"<[^<>\s]{1,64}>|\[/?[A-Za-z_]{2,32}\]")


class LlamaModel:
    """Fits :class:`dragtor.interfaces.LanguageModel`; the weights load at first use.

    The prompt is rendered here, by the chat template in the GGUF, so that what is counted is what
    is read. llama.cpp keeps the prompt and answer read last; a prompt that begins like them is
    read only from where it differs.

    Parameters
    ----------
    path, name
        The GGUF file, and what to call it.
    context_tokens
        Prompt and answer together; never more than the model was trained for.
    threads
        0 takes as many as do the machine good: see :func:`dragtor.answer.native.default_threads`.
    gpu_layers
        How many layers the GPU holds; -1 is all of them. Ignored without a GPU.
    temperature, seed
        0 always takes the likeliest token.

    Raises ModelError where the file is missing; damage shows at first use.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        context_tokens: int,
        threads: int = 0,
        gpu_layers: int = -1,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> None:
        if not path.is_file():
            raise ModelError(f"no model file {path}; fetch it with `dragtor models pull {name}`")
        self.path = path
        self.name = name
        self._wanted_context = context_tokens
        self._threads = threads
        self._gpu_layers = gpu_layers
        self._temperature = temperature
        self._seed = seed
        # One answer at a time; beneath it, one call into llama.cpp at a time.
        self._writing = threading.Lock()
        self._writer: int | None = None
        self._native = threading.RLock()
        self._llama: Any = None
        self._render: Render | None = None
        self._closed = False

    @property
    def context_tokens(self) -> int:
        """What the settings allow, or what the model was trained for if that is less."""
        trained: int = self._load()._model.n_ctx_train()
        return min(self._wanted_context, trained)

    @property
    def offload(self) -> bool:
        """Whether this build of llama.cpp can use a GPU."""
        return bool(native.prepare().llama_supports_gpu_offload())

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt as the model reads it. Raises ModelError where there is no usable template."""
        self._load()
        assert self._render is not None
        return self._render([self._harmless(message) for message in messages])

    def tokenize(self, messages: Sequence[Message]) -> list[int]:
        """The tokens of a prompt."""
        prompt = self.render(messages).encode("utf-8", errors="replace")
        with self._native:
            llama = self._load()
            tokens: list[int] = llama.tokenize(prompt, add_bos=False, special=True)
            # Most templates write the first token (BOS) themselves; the rest leave it to us.
            if llama._model.add_bos_token() and tokens[:1] != [llama.token_bos()]:
                tokens.insert(0, llama.token_bos())
        return tokens

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of a prompt, the chat template's own included."""
        return len(self.tokenize(messages))

    def stream(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        *,
        passages: int = 0,
        schema: Mapping[str, Any] | None = None,
    ) -> Iterator[str | Usage]:
        """Text as it is written, and :class:`Usage` as the last item.

        Markers (see :mod:`dragtor.answer.citing`) count neither as tokens nor against
        ``max_tokens``; there are none in JSON. Raises EngineError, also for a prompt that leaves
        no room for an answer.
        """
        tokens = self.tokenize(messages)
        room = self.context_tokens - len(tokens)
        if room <= 0:
            raise EngineError(
                f"the prompt has {len(tokens)} tokens and {self.name} takes {self.context_tokens};"
                " ask a shorter question or raise llm.context_tokens"
            )
        with self._turn():
            rules = self._grammar(schema) if schema is not None else None
            citer = self._citer(passages) if passages > 0 and schema is None else None
            yield from self._generate(tokens, min(max_tokens, room), rules, citer)

    def close(self) -> None:
        """Free the weights; the model cannot be used after that, an open stream included."""
        with self._native:
            self._closed = True
            if self._llama is not None:
                self._llama.close()
                self._llama = None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._writer == threading.get_ident():
            raise EngineError(
                f"{self.name} is still writing; close that answer before asking again"
            )
        # Not a with-block on a re-entrant lock: a stream may be closed by another thread.
        self._writing.acquire()
        self._writer = threading.get_ident()
        try:
            yield
        finally:
            self._writer = None
            self._writing.release()

    def _generate(
        self,
        prompt: list[int],
        max_tokens: int,
        rules: Any,  # noqa: ANN401
        citer: Citer | None,
    ) -> Iterator[str | Usage]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        written = 0
        with closing(self._tokens(prompt, rules)) as tokens:
            for piece in tokens:
                written += 1
                # A token may hold a part of a character only; the decoder keeps it until whole.
                text = decoder.decode(piece)
                if text:
                    yield self._cited(citer.marked, text) if citer else text
                if written >= max_tokens:
                    break
            else:
                if citer and (marker := self._cited(citer.last)):
                    yield marker
        yield Usage(len(prompt), written)

    def _cited(self, ask: Callable[..., str], *text: str) -> str:
        with self._running():
            return ask(*text)

    def _tokens(self, prompt: list[int], rules: Any) -> Generator[bytes]:  # noqa: ANN401
        """What is written, token by token, until the model ends its turn."""
        import llama_cpp

        with self._native:
            llama = self._load()
            llama.set_seed(self._seed)
            tokens = llama.generate(prompt, temp=self._temperature, grammar=rules)
        try:
            while True:
                with self._running():
                    token = next(tokens)
                    if llama_cpp.llama_vocab_is_eog(llama._model.vocab, token):
                        return
                    piece = native.piece(llama, token)
                yield piece
        finally:
            tokens.close()

    @contextmanager
    def _running(self) -> Iterator[None]:
        """The right to one call into llama.cpp while an answer is being written."""
        with self._native:
            if self._closed:
                raise EngineError(f"{self.name} was closed while it was writing")
            try:
                yield
            except (RuntimeError, ValueError) as error:
                raise EngineError(f"{self.name} failed while writing: {error}") from error

    def _grammar(self, schema: Mapping[str, Any]) -> Any:  # noqa: ANN401
        with self._native:
            return grammar(self._load(), schema)

    def _citer(self, passages: int) -> Citer | None:
        """What asks for citations; none where llama.cpp cannot take back what was read."""
        import llama_cpp

        with self._native:
            llama = self._load()
            weights = llama._model.model
            if llama_cpp.llama_model_is_recurrent(weights) or llama_cpp.llama_model_is_hybrid(
                weights
            ):
                return None
            return Citer(llama, passages)

    def _load(self) -> Any:  # noqa: ANN401
        with self._native:
            if self._closed:
                raise EngineError(f"{self.name} was closed and cannot be asked any more")
            if self._llama is None:
                llama = self._open()
                try:
                    self._render = renderer(llama, self.path)
                except ModelError:
                    llama.close()
                    raise
                self._llama = llama
                native.close_at_exit(self)
            return self._llama

    def _open(self) -> Any:  # noqa: ANN401
        llama_cpp = native.prepare()
        threads = self._threads or native.default_threads()
        with native.collected_errors() as errors:
            try:
                return llama_cpp.Llama(
                    str(self.path),
                    n_ctx=self._wanted_context,
                    n_threads=threads,
                    n_threads_batch=threads,
                    n_gpu_layers=self._gpu_layers,
                    seed=self._seed,
                    verbose=False,
                )
            except (ValueError, RuntimeError, AssertionError) as error:
                reason = errors[0] if errors else str(error)
                raise ModelError(
                    f"{self.path} is damaged or no GGUF of a kind this llama.cpp knows ({reason});"
                    " replace it by a sound one (`dragtor models pull` fetches those it lists)"
                ) from None

    def _harmless(self, message: Message) -> Message:
        """The message with control tokens in its text broken up, so that they are only words.

        A page that holds ``<|im_end|>`` could otherwise end the user's turn and begin its own.
        """

        def broken(found: re.Match[str]) -> str:
            text = found.group()
            return f"{text[0]} {text[1:]}" if self._is_control(text) else text

        return Message(message.role, _CONTROL.sub(broken, message.content))

    def _is_control(self, text: str) -> bool:
        raw = text.encode("utf-8", errors="replace")
        with self._native:
            llama = self._load()
            special = llama.tokenize(raw, add_bos=False, special=True)
            return bool(special != llama.tokenize(raw, add_bos=False, special=False))
