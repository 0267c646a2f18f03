"""A clock that only sleeping moves, and a client that uses it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dragtor.sources.http import HttpClient


class Clock:
    """Time as the client sees it; ``slept`` is every wait it asked for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http(clock: Clock) -> HttpClient:
    return HttpClient(timeout_s=5, retries=3, delay_s=0, sleep=clock.sleep, clock=clock)


@pytest.fixture
def data() -> Path:
    """The folder of the development sets; skips where there is none."""
    folder = os.environ.get("DRAGTOR_DATA")
    if not folder:
        pytest.skip("DRAGTOR_DATA is not set")
    return Path(folder)
