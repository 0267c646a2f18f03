from tests.weights.hub import loopback
from tests.weights.wheel import index

__all__ = ["index", "loopback"]
