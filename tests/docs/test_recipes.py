"""Every recipe of docs/instrument.md, run as it stands there."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.demo.otlp_sink import otlp_sink
from tests.docs.recipe_page import MAIN, PAGE, Block, blocks, recipes
from tests.docs.recipe_runner import Recipe, Row, read_calls, told, true, written
from tests.fixtures.broker import KafkaBench
from tests.sdk.kafka_topic import Topic
from tests.sdk.provider import Provider, serving
from tests.sdk.provider.request import PAUSE_S
from tests.sdk.provider.scenario import ANSWER_MARK
from watchkeeper.topics import OTLP_SPANS
from watchkeeper_sdk.kafka_config import KafkaConfig

pytestmark = pytest.mark.docs

TEXT = PAGE.read_text()
BLOCKS = list(blocks(TEXT))
RECIPES = recipes(TEXT)
SERVED = "gpt-4o-mini-2024-07-18"

Prepare = Callable[[str], Recipe]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def prepare(provider: Provider, tmp_path: Path) -> Iterator[Prepare]:
    """Writes a recipe's files; it gets a receiver of its own. Afterwards: no content has left the process."""
    with otlp_sink() as sink:
        yield lambda name: Recipe(written(RECIPES[name], tmp_path), provider, sink, len(provider.seen))
        assert not any(ANSWER_MARK.encode() in body for body in sink.bodies())


def _checked(recipe: Recipe, **facts: object) -> list[Row]:
    """The calls: those that were made, each once, with their true tokens, models and outcomes, and with ``facts``."""
    calls = recipe.calls()
    assert calls and told(calls) == true(recipe.requests())
    for call in calls:
        assert {name: call[name] for name in facts} == facts
    return calls


def _each(calls: list[Row], *names: str) -> list[tuple[object, ...]]:
    return [tuple(call[name] for name in names) for call in calls]


def _of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


def _place(block: Block) -> str:
    return f"line{block.line}"


def test_every_fence_of_the_page_is_understood() -> None:
    assert TEXT.count("\n```") == 2 * sum(bool(block.language) for block in BLOCKS)
    assert {block.language for block in BLOCKS} == {"", "sh", "python", "yaml", "ts"}
    assert not [block.line for block in _of("python") if not block.recipe]
    tested = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert {block.recipe for block in BLOCKS if block.recipe} <= tested


@pytest.mark.parametrize("block", _of("sh"), ids=_place)
def test_shell_blocks_are_shell(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.code, text=True, check=True)


def test_start(prepare: Prepare) -> None:
    output = prepare("start").run()
    assert "Counts(queued=0, sent=0, dropped=0)" in output and "OTLP at http://127.0.0.1" in output


def test_openai(prepare: Prepare) -> None:
    recipe = prepare("openai")
    recipe.run()
    plain, streamed = _checked(recipe, service="checkout", provider="openai", request_model="gpt-4o-mini")
    assert (plain["route"], plain["ttft_us"], plain["cost_status"]) == ("answer-question", None, "priced")
    assert (streamed["route"], streamed["cost_status"]) == ("checkout", "priced")
    assert streamed["ttft_us"] >= PAUSE_S * 1e6


def test_weights(prepare: Prepare) -> None:
    """Without an API: the default, and the fallback after a failure."""
    recipe = prepare("weights")
    recipe.run()
    calls = _checked(recipe, service="shop", route="answer-question")
    assert _each(calls, "request_model", "attempt") == [("gpt-4o-mini", 1)]


def test_anthropic(prepare: Prepare) -> None:
    recipe = prepare("anthropic")
    recipe.run()
    calls = _checked(recipe, service="contract-review", provider="anthropic", route="find-clauses")
    assert _each(calls, "dialect", "request_model") == [("anthropic_native", "claude-haiku-4-5")] * 2


def test_fastapi(prepare: Prepare) -> None:
    recipe = prepare("fastapi")
    recipe.run()
    calls = _checked(recipe, service="support", provider="openai", tenant="acme")
    assert [call["route"] for call in calls] == ["/tickets/{ticket}/answer", "/tickets/{ticket}/summary", "/chat"]
    assert len({call["user_hash"] for call in calls}) == 1 and calls[0]["user_hash"] not in ("", "ada")


def test_langchain(prepare: Prepare) -> None:
    recipe = prepare("langchain")
    recipe.run()
    calls = _checked(recipe, service="desk", provider="openai")
    assert [call["route"] for call in calls] == ["answer-question", "answer-question", "look-up-orders"]


def test_litellm(prepare: Prepare) -> None:
    """And LlamaIndex, through it: LiteLLM takes seconds to import."""
    recipe = prepare("litellm")
    recipe.run()
    calls = recipe.calls()
    tokens = [(seen.tokens.input, seen.tokens.output) for seen in recipe.requests()]
    assert _each(calls, "input_tokens", "output_tokens") == tokens
    assert _each(calls, "provider", "model", "route") == [
        ("openai", SERVED, "answer-question"),
        ("anthropic", "claude-haiku-4-5", "answer-question"),
        ("anthropic", "claude-haiku-4-5", "answer-question"),
        ("openai", SERVED, "answer-from-documents"),
        ("openai", SERVED, "answer-from-documents"),
    ]
    assert {call["outcome"] for call in calls} == {"ok"}


def test_litellm_proxy() -> None:
    configuration = yaml.safe_load(RECIPES["litellm-proxy"][MAIN])
    assert configuration["litellm_settings"] == {"callbacks": ["otel"], "turn_off_message_logging": True}


def test_otel_collector() -> None:
    configuration = yaml.safe_load(RECIPES["otel-collector"][MAIN])
    exporter = configuration["exporters"]["kafka"]
    assert exporter["traces"] == {"topic": OTLP_SPANS, "encoding": "otlp_proto"}
    assert exporter["partition_traces_by_id"] is True
    assert exporter["producer"]["max_message_bytes"] == KafkaConfig.read({}, {}).max_message_bytes
    pipeline = configuration["service"]["pipelines"]["traces"]
    assert pipeline == {"receivers": list(configuration["receivers"]), "exporters": list(configuration["exporters"])}


def test_gunicorn(prepare: Prepare) -> None:
    recipe, port = prepare("gunicorn"), _free_port()
    arguments = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload", "app:application")
    workers: set[str] = set()
    with recipe.running(*arguments) as server:

        def both_answered() -> bool:
            workers.update(_worker_of(port))
            return len(workers) == 2

        server.until("answers of both workers", both_answered)
        server.stop()
    _checked(recipe, service="answers", route="answer-question")


def test_celery(prepare: Prepare) -> None:
    """Each process of the pool ends after one task, so that nothing arrives but by the recipe's signal handler."""
    recipe = prepare("celery")
    arguments = ("-m", "celery", "--app", "jobs", "worker", "--pool", "prefork", "--concurrency", "2")
    with recipe.running(*arguments, "--max-tasks-per-child", "1") as worker:
        worker.until("the calls of four tasks", lambda: len(recipe.sink.spans()) == 4)
    _checked(recipe, service="jobs", route="summarise-ticket", tenant="acme")


def test_joined(prepare: Prepare) -> None:
    recipe = prepare("joined")
    with otlp_sink() as theirs:
        address = theirs.url.removesuffix("/v1/traces")
        recipe.run(
            OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_SERVICE_NAME="checkout", WATCHKEEPER_ENDPOINT=recipe.sink.url
        )
        assert [span.name for span in theirs.spans()] == ["chat gpt-4o-mini", "GET /answers"]
        assert told(read_calls(*theirs.bodies())) == true(recipe.requests())
    _checked(recipe, service="checkout")
    assert len(recipe.sink.spans()) == 1


@pytest.mark.kafka
def test_exporter(prepare: Prepare, kafka: KafkaBench) -> None:
    recipe, topic = prepare("exporter"), Topic(kafka)
    recipe.run(WATCHKEEPER_KAFKA=kafka.broker.bootstrap, WATCHKEEPER_KAFKA_TOPIC=topic.name)
    [message] = topic.read_until(bool)
    [call] = read_calls(message.value)
    assert told([call]) == true(recipe.requests()) and call["service"] == "checkout"


def test_manual(prepare: Prepare) -> None:
    recipe = prepare("manual")
    recipe.run()
    calls = _checked(recipe, service="desk", provider="vllm", request_model="gpt-4o-mini")
    assert [call["route"] for call in calls] == ["summarise-ticket", "draft-reply", "chat", "translate"]
    assert [call["ttft_us"] is None for call in calls] == [True, True, False, True]


def test_outcomes(prepare: Prepare) -> None:
    recipe = prepare("outcomes")
    recipe.run()
    calls = recipe.calls()
    assert len(calls) == len(recipe.requests())
    checked, judged = calls[:6], calls[8]
    assert _each(checked, "route", "format_valid", "outcome") == [
        ("read-orders", True, "ok"),
        ("read-orders", False, "format_invalid"),
        *[("other-checks", True, "ok")] * 4,
    ]
    assert _each(calls[6:], "route", "request_model", "outcome", "attempt", "fallback_from", "variant") == [
        ("phrases", "gpt-4o-mini", "refused", 1, "", "primary"),
        ("phrases", "gpt-4o-mini", "refused", 1, "", "primary"),
        ("answer-question", "gpt-4o-mini", "refused", 1, "", "primary"),
        ("answer-question", "gpt-4o", "rate_limited", 1, "", "primary"),
        ("answer-question", "gpt-4.1-mini", "ok", 2, "gpt-4o", "primary"),
        ("answer-question", "gpt-5-mini", "ok", 1, "", "shadow"),
        ("answer-question", "gpt-4o-mini", "ok", 1, "", "canary"),
        ("answer-question", "gpt-4o-mini", "ok", 1, "", "primary"),
    ]
    assert _each(calls[-1:], "prompt_name", "prompt_version", "tenant") == [("answer-question", "7", "acme")]
    assert {(score.name, score.source, score.value, score.label) for score in recipe.scores()} == {
        ("feedback", "feedback", 1.0, ""),
        ("feedback", "feedback", None, "complaint"),
        ("faithfulness", "judge", 0.4, ""),
    }
    for score in recipe.scores():
        assert judged["response_id"] == score.response_id or judged["span_id"] == score.span_id


def test_privacy(provider: Provider, tmp_path: Path) -> None:
    """Content is sent here: it is asked for."""
    with otlp_sink() as sink:
        recipe = Recipe(written(RECIPES["privacy"], tmp_path), provider, sink, len(provider.seen))
        recipe.run()
        [call] = _checked(recipe, service="desk")
        sent = b"".join(sink.bodies())
    assert call["user_hash"] and b"Where is my parcel?" in sent and ANSWER_MARK.encode() in sent
    assert b"[address]" in sent and b"ada@example.com" not in sent


def test_testing(prepare: Prepare) -> None:
    recipe = prepare("testing")
    arguments = ("-m", "pytest", "-q", "-p", "watchkeeper_sdk.pytest_plugin")
    assert "3 passed" in recipe.run(*arguments, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", WATCHKEEPER_STRICT="")
    assert not recipe.sink.bodies()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _worker_of(port: int) -> list[str]:
    """Who answered a request; nobody while the server is not up."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/?Where", trust_env=False, timeout=20)
    except httpx.ConnectError:
        return []
    assert answer.status_code == 200, answer.text
    return [answer.headers["x-worker"]]
