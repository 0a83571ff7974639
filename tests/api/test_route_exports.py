"""Routes as other routers read them, checked with what reads them where that can be had."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.testclient import TestClient

from api.routing.export import export
from api.routing.models import RouteItem, TargetItem
from api.routing.providers import provider_names, variable
from tests.fixtures.store import call_rows
from watchkeeper.choices import ExportForm
from watchkeeper.storage.client import Store

SPLIT = [("openai", "gpt-4o", 75), ("anthropic", "claude-sonnet-4-5", 20), ("vllm", "it's 'ünïcode' 💬", 5)]
NAME = "shop/answer 💬"


def item(name: str, targets: Sequence[tuple[str, str, int]], **lists: Sequence[tuple[str, str]]) -> RouteItem:
    def named(key: str, variant: str) -> list[TargetItem]:
        return [TargetItem(provider=p, model=m, weight=0, variant=variant) for p, m in lists.get(key, ())]

    return RouteItem(
        route=name,
        source="weights",
        version=3,
        targets=[TargetItem(provider=p, model=m, weight=w, variant="primary") for p, m, w in targets],
        shadow=named("shadow", "shadow"),
        fallbacks=named("fallbacks", "primary"),
        reason="",
        migration_id=None,
        changed_by="me",
        changed_at=None,
        calls=None,
    )


FALLBACKS = [("aws.bedrock", "us.anthropic.claude-3-5-haiku"), ("weird.host", "m")]
ROUTE = item(NAME, SPLIT, fallbacks=FALLBACKS)
WHOLE = item("plain", [("openai", "gpt-4o", 100), ("openai", "gpt-4.1", 0)])

ROUTER = """
import collections, json, sys
import litellm
config = json.load(sys.stdin)
router = litellm.Router(model_list=config["model_list"], **config["router_settings"])
picked = {
    name: collections.Counter(
        router.get_available_deployment(name, messages=[])["litellm_params"]["model"] for _ in range(4_000)
    )
    for name in sorted({one["model_name"] for one in config["model_list"]})
}
answer = router.completion(
    NAME, [{"role": "user", "content": "hello"}], mock_testing_fallbacks=True, mock_response="from a fallback"
)
print("PICKED", json.dumps([picked, answer.choices[0].message.content, router.get_model_list(NAME)]))
""".replace("NAME", repr(NAME))


def test_the_real_litellm_loads_it_picks_by_the_weights_and_falls_back() -> None:
    made = export([ROUTE, WHOLE], ExportForm.LITELLM)
    done = subprocess.run(
        [sys.executable, "-c", ROUTER],
        input=made.text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "true", "PATH": "", "OPENAI_API_KEY": "sk-from-the-environment"},
    )
    assert done.returncode == 0, done.stderr
    picked, fallen_back, deployments = json.loads(done.stdout.rpartition("PICKED ")[2])
    assert picked["plain"] == {"openai/gpt-4o": 4_000}
    shares = picked[NAME]
    assert sorted(shares) == ["anthropic/claude-sonnet-4-5", "hosted_vllm/it's 'ünïcode' 💬", "openai/gpt-4o"]
    # Five standard deviations of 4,000 draws.
    assert abs(shares["openai/gpt-4o"] - 3_000) < 137
    assert abs(shares["anthropic/claude-sonnet-4-5"] - 800) < 127
    assert sorted(picked) == ["plain", NAME, f"{NAME}#fallback-1", f"{NAME}#fallback-2"]
    assert fallen_back == "from a fallback"
    assert [one["litellm_params"]["api_key"] for one in deployments if "gpt" in one["litellm_params"]["model"]] == [
        "sk-from-the-environment"
    ]


def test_litellm_in_full() -> None:
    made = export([ROUTE], ExportForm.LITELLM)
    document = yaml.safe_load(made.text)
    assert document == json.loads(made.text), "the proxy reads YAML"
    assert document["model_list"][3:] == [
        {"model_name": f"{NAME}#fallback-1", "litellm_params": {"model": "bedrock/us.anthropic.claude-3-5-haiku"}},
        {
            "model_name": f"{NAME}#fallback-2",
            "litellm_params": {
                "model": "openai/m",
                "api_key": "os.environ/WEIRD_HOST_API_KEY",
                "api_base": "os.environ/WEIRD_HOST_API_BASE",
            },
        },
    ]
    assert document["router_settings"] == {
        "routing_strategy": "simple-shuffle",
        "fallbacks": [{NAME: [f"{NAME}#fallback-1", f"{NAME}#fallback-2"]}],
    }
    assert made.notes == ("weird.host: taken as one that speaks OpenAI's protocol; look at its variables",)


def test_openrouter() -> None:
    made = export([ROUTE, WHOLE], ExportForm.OPENROUTER)
    assert json.loads(made.text) == {
        NAME: {
            "models": [
                "openai/gpt-4o",
                "anthropic/claude-sonnet-4-5",
                "it's 'ünïcode' 💬",
                "us.anthropic.claude-3-5-haiku",
                "m",
            ],
            "provider": {"order": ["openai", "anthropic", "amazon-bedrock"], "allow_fallbacks": True},
        },
        "plain": {"model": "openai/gpt-4o", "provider": {"order": ["openai"], "allow_fallbacks": True}},
    }
    assert [note for note in made.notes if "no weights" in note] == [
        f"{NAME}: OpenRouter has no weights; the largest target goes first, the others come after a failure"
    ]
    assert "m: OpenRouter writes AUTHOR/MODEL; look its name up" in made.notes


def test_portkey() -> None:
    made = export([ROUTE, WHOLE], ExportForm.PORTKEY)
    configs = json.loads(made.text)
    balanced = {"provider": "openai", "override_params": {"model": "gpt-4o"}}
    assert configs["plain"] == {"strategy": {"mode": "loadbalance"}, "targets": [{**balanced, "weight": 1.0}]}
    assert configs[NAME]["strategy"] == {"mode": "fallback"}
    first, *others = configs[NAME]["targets"]
    assert [one["weight"] for one in first["targets"]] == [0.75, 0.2, 0.05]
    assert [one["override_params"]["model"] for one in others] == ["us.anthropic.claude-3-5-haiku", "m"]
    assert others[0]["provider"] == "bedrock"
    assert "weird.host: not a name that Portkey has" in made.notes


def test_a_shell_reads_the_variables_as_they_were_meant(tmp_path: Path) -> None:
    nasty = item("$(touch gone) `x`", [("openai", "a'; touch gone; '", 100)])
    file = tmp_path / "routes.env"
    file.write_text(export([ROUTE, nasty], ExportForm.ENV).text)
    script = 'set -a; . ./routes.env; exec "$1" -c "import json, os; print(json.dumps(dict(os.environ)))"'
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", sys.executable], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    seen = {name: value for name, value in json.loads(done.stdout).items() if name.startswith("LLM_ROUTE_")}
    assert seen == {
        "LLM_ROUTE_SHOP_ANSWER_VERSION": "3",
        "LLM_ROUTE_SHOP_ANSWER_MODEL": "gpt-4o",
        "LLM_ROUTE_SHOP_ANSWER_PROVIDER": "openai",
        "LLM_ROUTE_SHOP_ANSWER_TARGETS": "openai/gpt-4o=75,anthropic/claude-sonnet-4-5=20,vllm/it's 'ünïcode' 💬=5",
        "LLM_ROUTE_SHOP_ANSWER_FALLBACKS": "aws.bedrock/us.anthropic.claude-3-5-haiku,weird.host/m",
        "LLM_ROUTE_TOUCH_GONE_X_VERSION": "3",
        "LLM_ROUTE_TOUCH_GONE_X_MODEL": "a'; touch gone; '",
        "LLM_ROUTE_TOUCH_GONE_X_PROVIDER": "openai",
        "LLM_ROUTE_TOUCH_GONE_X_TARGETS": "openai/a'; touch gone; '=100",
    }
    assert [one.name for one in tmp_path.iterdir()] == ["routes.env"]


def test_routes_whose_variables_would_have_one_name_keep_apart() -> None:
    text = export([item(name, [("", "m", 100)]) for name in ("a-b", "a_b", "💬", "c")], ExportForm.ENV).text
    names = [line.partition("=")[0] for line in text.splitlines() if "_MODEL=" in line]
    assert len(set(names)) == 4
    assert names[3] == "LLM_ROUTE_C_MODEL"
    assert all(name.isascii() and name.replace("_", "").isalnum() for name in names)


@pytest.mark.parametrize("form", ExportForm)
def test_no_routes_are_an_empty_file_and_shadows_are_told(form: ExportForm) -> None:
    nothing = export([], form)
    assert nothing.notes == ()
    assert not any(name in nothing.text for name in ("model_name", "targets", "LLM_ROUTE"))
    shadowed = export([item("chat", [("openai", "a", 100)], shadow=[("openai", "b")])], form)
    assert any("shadow" in note for note in shadowed.notes)


@pytest.mark.parametrize(
    ("text", "name"), [("shop/answer", "SHOP_ANSWER"), ("aws.bedrock", "AWS_BEDROCK"), ("--", ""), ("ß1", "SS1")]
)
def test_names_of_variables(text: str, name: str) -> None:
    assert variable(text) == name


def test_every_provider_that_spans_name_is_known_or_taken_for_openai() -> None:
    for name in ("openai", "anthropic", "aws.bedrock", "azure.ai.openai", "gcp.gemini", "gcp.vertex_ai", "mistral_ai"):
        names = provider_names(name)
        assert names is not None and names.litellm and names.portkey and names.openrouter
    assert provider_names("somebody") is None


@pytest.mark.clickhouse
def test_over_the_api(api: TestClient, shared_store: Store) -> None:
    body: dict[str, Any] = {"targets": [{"provider": "openai", "model": "gpt-4o", "weight": 100}]}
    api.put("/v1/routes/a%2Fb", json={**body, "shadow": [{"model": "ü"}]})
    shared_store.insert_arrow("calls", call_rows(5, route="seen"), "a")
    everything = api.get("/v1/routes/export")
    assert [one["model_name"] for one in everything.json()["model_list"]] == ["a/b"]
    assert "shadow" in json.loads(everything.headers["watchkeeper-notes"])[0]
    seen = api.get("/v1/routes/seen/export?format=env")
    assert seen.headers["content-type"] == "text/plain; charset=utf-8"
    assert "LLM_ROUTE_SEEN_MODEL=gpt-4o\n" in seen.text
    assert "nobody has set weights" in json.loads(seen.headers["watchkeeper-notes"])[0]
    assert list(api.get("/v1/routes/export?format=portkey&observed=true").json()) == ["a/b", "seen"]
    assert api.get("/v1/routes/export?format=caddy").status_code == 422


@pytest.mark.clickhouse
def test_notes_beyond_what_a_header_holds_are_counted(shared_store: Store, api: TestClient) -> None:
    names = [f"{'x' * 60}-{number}" for number in range(80)]
    shared_store.insert_arrow("calls", call_rows(80, route=names), "a")
    told = api.get("/v1/routes/export?format=env&observed=true").headers["watchkeeper-notes"]
    assert len(told) <= 4_000
    notes = json.loads(told)
    assert notes[-1] == f"{80 - (len(notes) - 1)} more" and len(notes) > 10
