"""Spans captured from real instrumentation packages, against what the provider's server saw.

``tests/captures/<emitter>/<case>.bin`` are OTLP requests as exported, ``<case>.json`` the facts a reader can tell.
A new dialect is a row in ``collector/dialects.py`` and a folder here.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.collector.otlp import read, stage

CAPTURES = Path(__file__).parent.parent / "captures"
EMITTERS = sorted(folder.name for folder in CAPTURES.iterdir())
SAME_PROVIDER = {
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "azure.ai.openai": "openai",
    "mistral_ai": "mistral",
    "aws.bedrock": "bedrock",
}
SECRETS = (b"MARKPROMPT", b"MARKTEXT", b"MARKREFUSAL", b"MARKTOOL", b"MARKSECRET")


def _cases(emitter: str) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((CAPTURES / emitter).glob("*.json"))]


def _bodies(emitter: str) -> list[bytes]:
    return [(CAPTURES / emitter / name).read_bytes() for case in _cases(emitter) for name in case["requests"]]


def _provider(word: object) -> str:
    return SAME_PROVIDER.get(str(word).lower(), str(word).lower())


def _differences(row: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    found = []
    for name, want in facts.items():
        got = row[name]
        if name == "outcome":
            same = got in want
        elif name == "provider":
            same = _provider(got) == _provider(want)
        else:
            same = got == want or (not got and not want and not name.endswith("put_tokens"))
        if not same:
            found.append(f"{row['span_id'].hex()} {name}: got {got!r}, want {want!r}")
    return found


@pytest.mark.parametrize("emitter", EMITTERS)
def test_every_captured_call_is_counted_once_with_its_facts(emitter: str) -> None:
    staged = read(stage(), *_bodies(emitter))
    assert not staged.bad
    by_span = defaultdict(list)
    for row in staged.calls.to_pylist():
        by_span[row["span_id"].hex()].append(row)
    wrong, used = [], 0
    for case in _cases(emitter):
        for call in case["calls"]:
            hits = [row for span_id in call.pop("span_ids") for row in by_span[span_id]]
            used += len(hits)
            if len(hits) != 1:
                wrong.append(f"{case['requests']}: counted {len(hits)} times")
                continue
            wrong += _differences(hits[0], call)
    assert not wrong
    assert used == staged.calls.num_rows, "spans that are no calls were counted"


@pytest.mark.parametrize("emitter", EMITTERS)
def test_no_content_and_no_secret_reaches_a_row(emitter: str) -> None:
    calls = read(stage(), *_bodies(emitter)).calls
    stored = json.dumps(calls.to_pylist(), default=str).encode()
    assert not [mark for mark in SECRETS if mark in stored]


@pytest.mark.parametrize("emitter", EMITTERS)
def test_messages_one_at_a_time_give_as_many_calls(emitter: str) -> None:
    together = read(stage(), *_bodies(emitter)).calls
    reader = stage()
    apart = sum(sum(read(reader, body).calls["calls"].to_pylist()) for body in _bodies(emitter))
    assert apart == together.num_rows
