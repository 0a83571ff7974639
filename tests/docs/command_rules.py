"""What a test does with each command on the pages: runs it as it stands, runs it with a change that is stated, or not.

The first rule whose pattern is the whole command decides. A command without a rule fails the test that collects them,
and so does a rule that no command needs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.docs.page_commands import Command

_ADDRESSES = {"http://127.0.0.1:8080": "{api}", "http://localhost:8080": "{api}", "localhost:8080": "{api}"}
_CURL = {**_ADDRESSES, "curl ": "curl -sS --fail-with-body --max-time 20 "}
"""The API's port is a free one, and a refusal ends ``curl`` with an error."""
_VERDICTS = frozenset({0, 2, 3})
"""What is found is in the exit code; 1 is an error."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done with commands of one form."""

    pattern: str
    swaps: Mapping[str, str] = field(default_factory=dict)
    """What is put in the place of words that only stand for something; ``{name}`` is a fact of the seeded store."""
    codes: frozenset[int] = frozenset({0})
    """Exit codes that the page promises."""
    endless: bool = False
    """It runs until it is told to stop: that is done after its first line."""
    not_run: str = ""
    """Why it cannot be run here, and what shows that it works."""

    def fits(self, command: Command) -> bool:
        """Is it about ``command``?"""
        return re.fullmatch(self.pattern, command.text) is not None

    def swapped(self, text: str, facts: Mapping[str, str]) -> str:
        """``text`` as it is run."""
        for word, fact in self.swaps.items():
            text = text.replace(word, fact.format_map(facts))
        return text


def _target(name: str, shown_by: str) -> Rule:
    return Rule(rf"([A-Z_]+=\S+ )?make {name}( .*)?", not_run=shown_by)


RULES = (
    _target("setup( && .*)?", "it made the environment in which this test runs"),
    _target("(test|check)", "it runs this test, or is run beside it"),
    _target(
        "(demo|demo-check|demo-kafka)", "a change has to pass `make demo-check`; tests/demo and tests/e2e run its parts"
    ),
    _target("(format|bench)", "it rewrites files, or takes hours; tests/benchmarks run the benchmarks' parts"),
    Rule(
        r"pip install 'watchkeeper(-sdk)?\[.*",
        not_run="it would change this environment; tests/packaging installs the wheels",
    ),
    Rule(r"python -m benchmarks\..*", not_run="it takes minutes; tests/benchmarks run its parts"),
    Rule(r"python3 deploy/passwords\.py > \.env", swaps={"deploy/": "{root}/deploy/"}),
    Rule(
        r"(docker|kubectl|kustomize|clickhouse-client) .*",
        not_run="it needs a container engine, a cluster or a server; tests/deploy checks the files",
    ),
    Rule(
        r"watchkeeper grafana .*|export WATCHKEEPER_(GRAFANA|STORE)\S*=.*",
        not_run="it needs a Grafana; tests/dashboards run it against one that answers as the real one is documented to",
    ),
    Rule(r"export OTEL_.*", not_run="it is for the application: tests/docs/test_recipes.py runs such"),
    Rule(r"(gunicorn|litellm|opentelemetry-instrument) .*", not_run="a recipe: tests/docs/test_recipes.py runs it"),
    Rule(
        r"export WATCHKEEPER_ALERT_.*",
        swaps={
            "hooks.slack.com": "slack.invalid",
            "mailtos://…": "mailtos://u:p@mail.invalid",
            "//…": "//hook.invalid",
        },
    ),
    # With the page's own rules the running `up` would open an incident at PagerDuty.
    Rule(r"watchkeeper alerts rules set alerts\.yaml", swaps={"alerts.yaml": "rules.json"}),
    Rule(r"watchkeeper up", not_run="the test's own server was started with it"),
    Rule(r"watchkeeper routes watch", endless=True),
    Rule(r"watchkeeper alerts test .*", codes=frozenset({1})),
    Rule(r"watchkeeper alerts preview", swaps={"preview": "preview --rules alerts.yaml"}),
    Rule(r"watchkeeper alerts why .*", swaps={"9f0c…": "{regression}"}),
    Rule(r"watchkeeper migrations (show|promote|report) .*", swaps={"ID": "{migration}"}),
    Rule(
        r"watchkeeper backtest --from .*",
        swaps={"--from 2026-05-01 --to 2026-06-01": "--from {begin}"},
        codes=_VERDICTS,
    ),
    Rule(r"watchkeeper backtest .*", codes=_VERDICTS),
    Rule(r"watchkeeper detectors explain checkout", swaps={"checkout": "'|checkout|openai|gpt-4o|'"}),
    Rule(r"watchkeeper detectors simulate .*", swaps={"simulate": "simulate --runs 1 --days 0.2"}),
    Rule(r"watchkeeper compare .* --gate", codes=frozenset({0, 1, 2})),
    Rule(r"watchkeeper costs reconcile .*", codes=_VERDICTS),
    Rule(
        r"watchkeeper routes export --format litellm > config\.yaml && litellm .*",
        swaps={"litellm --config config.yaml": "grep -q model_list config.yaml"},
    ),
    Rule(r"watchkeeper .*"),
    Rule(r"curl -X PUT .*If-Match: \"3\".* .*/v1/alerts/rules", swaps={**_CURL, "-H 'If-Match: \"3\"'": ""}),
    Rule(r"curl -X PUT .*If-Match: \"3\".*", swaps={**_CURL, '"3"': '"0"'}),
    Rule(r"curl .*", swaps={**_CURL, "wait=20": "wait=1", "calls.parquet": "exported.parquet"}),
)


def rule_for(command: Command) -> Rule:
    """The rule for ``command``. Raises :class:`LookupError` that says what to do where there is none."""
    for rule in RULES:
        if rule.fits(command):
            return rule
    raise LookupError(f"{command}: no rule in tests/docs/command_rules.py says how this is tried out")
