import dragtor  # noqa: F401 (before numpy: it sets how many threads share a matrix)
