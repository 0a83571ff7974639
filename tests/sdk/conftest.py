"""The calls of a test, the two ways in which wrong use is met, and clients under watch."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from watchkeeper_sdk import _safety, shutdown, tracing
from watchkeeper_sdk.testing import Calls, watching
from watchkeeper_sdk.watching import CLIENTS, watch_answers


@pytest.fixture(autouse=True)
def _fresh() -> None:
    """No test meets the watch of one before it."""
    shutdown(0.5)


@pytest.fixture
def calls() -> Iterator[Calls]:
    """Wrong use raises, as in the tests of applications."""
    with watching(service="shop", user_hash_salt="pepper") as calls:
        yield calls


@pytest.fixture
def lenient(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Wrong use is logged once a minute, as in production."""
    monkeypatch.setenv("WATCHKEEPER_STRICT", "0")
    _safety._said_at.clear()
    return calls


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Watch the clients for the time of one test."""
    for name, classes in CLIENTS.items():
        module = importlib.import_module(name)
        for owner, methods in classes:
            for method in methods:
                if hasattr(getattr(module, owner), method):
                    monkeypatch.setattr(getattr(module, owner), method, getattr(getattr(module, owner), method))
    watch_answers()
    watch_answers()


@pytest.fixture
def instrumented(calls: Calls) -> Callable[[], Any]:
    """What an instrumentation does around a client's method: an LLM span, current while it runs."""
    assert tracing._provider is not None
    tracer = tracing._provider.get_tracer("instrumentation")

    def span() -> Any:
        return tracer.start_as_current_span("chat gpt-4o", attributes={"gen_ai.operation.name": "chat"})

    return span
