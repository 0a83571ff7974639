"""Every command of README and the pages is tried out, or says why it cannot be."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Watchkeeper, watchkeeper
from tests.docs import seeded
from tests.docs.command_rules import RULES, Rule, rule_for
from tests.docs.page_commands import PAGES, ROOT, Command, commands, name_of
from tests.docs.python_blocks import AROUND, scripts
from tests.docs.shell import Outcome, Shell
from tests.fixtures.service import PATIENCE_S, Service, running_up
from tests.sdk.provider import Provider, serving

__all__ = ["watchkeeper"]
pytestmark = pytest.mark.docs

ALL = {name_of(page): list(commands(page)) for page in PAGES}
WITH_COMMANDS = [name for name, found in ALL.items() if found]


class Facts(dict[str, str]):
    """What is known of the seeded store; what a command before has made is looked up when it is asked for."""

    def __init__(self, service: Service, known: dict[str, str]) -> None:
        super().__init__(known, api=service.api, root=str(ROOT))
        self._service = service

    def __missing__(self, name: str) -> str:
        found: str = self._service.get(f"/v1/{name}s")["rows"][0]["id"]
        return found


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the commands are run: a seeded data directory, and the files that they name."""
    made = tmp_path_factory.mktemp("reader")
    subprocess.run([sys.executable, "-m", "tests.docs.seeded", str(made)], cwd=ROOT, check=True, timeout=PATIENCE_S)
    return made


@pytest.fixture(scope="module")
def service(directory: Path) -> Iterator[Service]:
    """A ``watchkeeper up`` on it."""
    settings = {"WATCHKEEPER_DETECTOR_SNAPSHOT_S": "1", "WATCHKEEPER_ALERT_SECRETS": json.dumps(seeded.SECRETS)}
    with running_up(directory, settings, name=seeded.DATA) as running:
        yield running


@pytest.fixture
def shell(directory: Path, service: Service, watchkeeper: Watchkeeper, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in it; ``service`` runs there."""
    monkeypatch.chdir(directory)
    return Shell(directory, watchkeeper, monkeypatch)


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's, on Python 3.11 and 3.12
@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_the_commands_of_the_page_do_what_they_promise(page: str, shell: Shell, service: Service) -> None:
    facts = Facts(service, json.loads((shell.directory / seeded.FACTS).read_text()))
    failed: list[str] = []
    for command in ALL[page]:
        rule = rule_for(command)
        if not rule.not_run:
            ended = _run(shell, command, rule, facts)
            if ended.code not in rule.codes:
                failed.append(f"{command}\nended with {ended.code}: {ended.text}")
    assert not failed, "\n".join(failed)


def _run(shell: Shell, command: Command, rule: Rule, facts: Facts) -> Outcome:
    text = rule.swapped(command.text, facts)
    if text.startswith("curl ") and not shutil.which("curl"):
        assert os.environ.get("CI") != "true", "curl is missing"
        pytest.skip("curl is missing: the page's requests are not tried out")
    return shell.first_line(text) if rule.endless else shell.run(text, command.is_simple)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.mark.parametrize("page", AROUND)
def test_the_python_of_the_page_runs(page: str, shell: Shell, service: Service, provider: Provider) -> None:
    shell.run("watchkeeper routes set answer-question --to openai/gpt-4o=100 --reason docs", simple=True)
    settings = {
        "WATCHKEEPER_API_URL": service.api,
        "OTEL_EXPORTER_OTLP_ENDPOINT": service.otlp_http,
        "OPENAI_BASE_URL": provider.openai_url,
        "OPENAI_API_BASE": provider.openai_url,
        "OPENAI_API_KEY": "sk-test",
        "LITELLM_LOCAL_MODEL_COST_MAP": "true",
    }
    ended = shell.python(scripts()[page], settings)
    assert ended.code == 0, ended.text


def test_the_call_of_the_quickstart_is_stored(shell: Shell, service: Service) -> None:
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": service.otlp_http}
    assert shell.python(scripts()["docs/quickstart.md"], settings).code == 0
    rows = service.get("/v1/calls", service="first-steps")["rows"]
    assert {(row["route"], row["input_tokens"], row["cost_status"]) for row in rows} == {("say-hello", 1200, "priced")}


def test_what_is_not_run_here_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = [command.text for found in ALL.values() for command in found]
    wanted = {target for text in typed for target in re.findall(r"^(?:[A-Z_]+=\S+ )?make ([a-z-]+)", text)}
    assert wanted and not wanted - targets
    modules = {module for text in typed for module in re.findall(r"^python -m ([\w.]+)", text)}
    assert modules and not [module for module in modules if importlib.util.find_spec(module) is None]


def test_each_python_block_is_known() -> None:
    assert set(scripts()) == set(AROUND)


def test_each_rule_is_needed() -> None:
    used = {rule_for(command).pattern for found in ALL.values() for command in found}
    assert not {rule.pattern for rule in RULES} - used
