"""From a query to hits: by words, by vectors, by both, and reranked."""
