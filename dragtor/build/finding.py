"""What finds passages: the parts of retrieval over an index, and what goes on top of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from dragtor.build.choices import (
    FUSIONS,
    RERANKERS,
    choose,
    find,
    gives_parents,
    make,
    without_weights,
)
from dragtor.build.encoders import Encoders, check_files, check_fingerprint, late_spec, specs
from dragtor.build.retrievers import KEYWORD, chosen_parts
from dragtor.errors import QueryError
from dragtor.interfaces import Reranker, Retriever, Scorer, TokenStore, VectorStore
from dragtor.late.codec import TokenCodec
from dragtor.late.muvera import FixedDimensions
from dragtor.mistakes import not_one_of
from dragtor.spaces import DENSE, FIRST_STAGE, LATE, space_name
from dragtor.token_spaces import token_fingerprint
from dragtor.types import Generation, Ranking

if TYPE_CHECKING:
    from dragtor.catalogue import ModelEntry
    from dragtor.retrieve.rerank import Judge
    from dragtor.store.library import SqliteLibrary
    from dragtor.weights import Weights

MAX_SIM = "maxsim"


class Finding:
    """Makes retrievers over an index."""

    def __init__(
        self,
        library: SqliteLibrary,
        vectors: VectorStore,
        tokens: TokenStore,
        encoders: Encoders,
        weights: Weights,
        threads: int,
    ) -> None:
        self._library = library
        self._vectors = vectors
        self._tokens = tokens
        self._encoders = encoders
        self._weights = weights
        self._threads = threads

    def retriever(self, generation: Generation, ranking: Ranking) -> Retriever:
        """See :class:`dragtor.parts.Parts`."""
        from dragtor.retrieve.fused import FusedRetriever
        from dragtor.retrieve.rerank import RerankingRetriever
        from dragtor.retrieve.widen import WideningRetriever

        parts = self._makers(generation)
        wanted = chosen_parts(ranking.retriever, list(parts), none="the index has no part")
        if set(wanted) == {LATE} and FIRST_STAGE not in generation.spaces:
            raise QueryError(
                "late finds no passages by itself in this index: search by keyword+late, or set "
                "late.first_stage to true and run `dragtor index`"
            )
        scorers = [parts[name]() for name in wanted]
        fusions = {name: choose(FUSIONS, name, "fusion") for name in FUSIONS}
        retriever: Retriever = FusedRetriever(self._library, generation.id, scorers, fusions)
        if ranking.reranker != "none":
            retriever = RerankingRetriever(retriever, self.judge(generation, ranking.reranker))
        parents = gives_parents(generation.recipe.get("splitter", ""))
        return WideningRetriever(retriever, self._library, generation.id, parents=parents)

    def scorer(self, generation: Generation, name: str) -> Scorer:
        """One part of retrieval over an index that has it."""
        return self._makers(generation)[name]()

    def _makers(self, generation: Generation) -> Mapping[str, Callable[[], Scorer]]:
        """What makes each part that an index has."""
        names = [name for name in generation.spaces if name not in (LATE, FIRST_STAGE)]
        parts: dict[str, Callable[[], Scorer]] = {KEYWORD: partial(self._keyword, generation)}
        for name in sorted(names, key=lambda name: (name != DENSE, name)):
            parts[name] = partial(self._dense, generation, name)
        if LATE in generation.spaces:
            parts[LATE] = partial(self._late, generation)
        return parts

    def _keyword(self, generation: Generation) -> Scorer:
        from dragtor.retrieve.keyword import KeywordScorer
        from dragtor.store.keywords import SqliteKeywordIndex

        return KeywordScorer(SqliteKeywordIndex(self._library.database), generation.id)

    def _dense(self, generation: Generation, name: str) -> Scorer:
        from dragtor.retrieve.dense import DenseScorer

        encoder = self._encoders.get(specs(generation.recipe)[name])
        check_files(generation, {name: encoder})
        return DenseScorer(self._vectors, encoder, space_name(generation.id, name), name)

    def _late(self, generation: Generation) -> Scorer:
        from dragtor.retrieve.late import FirstStage, LateScorer, Tokens

        late = late_spec(generation.recipe)
        assert late is not None
        encoder = self._encoders.tokens(late, specs(generation.recipe)[DENSE])
        codec = TokenCodec(encoder.dimension, late.token_bytes)
        space = token_fingerprint(encoder, codec)
        check_fingerprint(generation, LATE, space)
        first_stage = None
        if FIRST_STAGE in generation.spaces:
            name = space_name(generation.id, FIRST_STAGE)
            first_stage = FirstStage(self._vectors, name, FixedDimensions(codec.kept))
        tokens = Tokens(self._library, generation.id, self._tokens, space, codec)
        return LateScorer(encoder, tokens, first_stage)

    def judge(self, generation: Generation, name: str) -> Judge:
        """What reorders by a reranker of this name. Raises QueryError."""
        from dragtor.retrieve.rerank import ScorerJudge, TextJudge

        if name == MAX_SIM:
            if LATE not in generation.spaces:
                raise QueryError(
                    "the reranker maxsim needs token vectors, and the index has none: set "
                    "late.model and run `dragtor index`"
                )
            return ScorerJudge(self._late(generation))
        models = [one.name for one in self._weights.catalogue if one.kind == "reranker"]
        if name.lower() in {one.lower() for one in models}:
            return TextJudge(self._cross(self._weights.entry(name)))
        if name not in (others := without_weights()):
            raise QueryError(not_one_of("reranker", name, ["none", MAX_SIM, *others, *models]))
        return TextJudge(make(find(RERANKERS, name, "reranker"), threads=self._threads))

    def _cross(self, entry: ModelEntry) -> Reranker:
        """What runs a model of kind reranker: its card says by which engine."""
        from dragtor.catalogue import RerankerCard

        card = entry.reranker or RerankerCard()
        made: Reranker = make(
            find(RERANKERS, card.engine, f"the engine of {entry.name}"),
            folder=self._weights.path(entry.name),
            name=entry.name,
            max_tokens=card.max_tokens,
            threads=self._threads,
        )
        return made
