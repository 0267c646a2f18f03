"""What a search cannot see: what is not indexed yet, other settings, vectors that were lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dragtor.interfaces import Library, TokenStore, VectorStore
from dragtor.spaces import LATE, space_name
from dragtor.types import Generation, Notice, Query


def outdated(
    library: Library,
    vectors: VectorStore,
    tokens: TokenStore,
    generation: Generation,
    recipe: Mapping[str, str],
    query: Query,
) -> Iterator[Notice]:
    """What is out of date in an index; ``recipe`` is what it would be made by now."""
    if count := len(library.pending(generation.id, query.collections)):
        documents = "1 document is" if count == 1 else f"{count} documents are"
        yield Notice("pending", f"{documents} loaded but not indexed: run `dragtor index`")
    if generation.recipe != recipe:
        yield Notice(
            "settings_changed",
            "the index was made under other settings: run `dragtor index` to make it anew",
        )
    if lost := _lost(library, vectors, tokens, generation):
        yield Notice(
            "vectors_lost",
            f"what {', '.join(lost)} search by is no longer there, so they find nothing: "
            "run `dragtor index` to make it anew",
        )


def _lost(
    library: Library, vectors: VectorStore, tokens: TokenStore, generation: Generation
) -> list[str]:
    """The parts of an index that were deleted under it."""
    spaces = vectors.spaces()
    lost = [
        name
        for name, fingerprint in generation.spaces.items()
        if (
            tokens.lost(fingerprint)
            if name == LATE
            else space_name(generation.id, name) not in spaces
        )
    ]
    return lost if lost and library.passage_ids(generation.id) else []
