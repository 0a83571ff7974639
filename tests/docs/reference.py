"""The generated parts of the documentation: settings, columns, metrics, topics, dialects.

Each part stands in a page between ``<!-- NAME -->`` and ``<!-- /NAME -->``. ``python -m tests.docs.reference`` writes
them; a test fails when a page differs.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from collector.dialects import ACCOUNTING, FINISH_REASONS, MARKERS, PROVIDERS, ROLE_RULES, Marker
from tests.api.advising.scenarios import table as scenarios
from tests.docs.api_reference import endpoints
from tests.docs.command_reference import command_line
from tests.docs.metrics_reference import metrics, rules
from tests.docs.sdk_reference import sdk_settings
from watchkeeper.schema import markdown_table
from watchkeeper.settings import PREFIX, Settings
from watchkeeper.topics import TOPICS

DOCS = Path(__file__).parents[2] / "docs"


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, tuple):
        value = ",".join(value)
    return "" if value in (None, "") else f"`{value}`"


def settings() -> str:
    """One row a setting."""
    rows = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |")
    return "\n".join(rows)


def topics() -> str:
    """One row a topic."""
    rows = ["| topic | carries | partitions | kept |", "| --- | --- | --- | --- |"]
    rows += [f"| `{t.name}` | {t.meaning} | {t.partitions} | {t.retention_hours} h |" for t in TOPICS]
    return "\n".join(rows)


def _sign(marker: Marker) -> str:
    if marker.scope:
        return f"scope `{marker.scope}…`"
    if marker.name:
        return f"span name `{marker.name}`"
    place = "resource attribute" if marker.resource else "attribute"
    return f"{place} `{marker.key}`" + (f" = `{marker.value}`" if marker.value else "")


def dialects() -> str:
    """Signs and call rules of each dialect, in the order they are read."""
    rows = ["| dialect | recognised by (first match wins) |", "| --- | --- |"]
    for name in dict.fromkeys(marker.dialect for marker in MARKERS):
        rows.append(f"| `{name}` | {'; '.join(_sign(m) for m in MARKERS if m.dialect == name)} |")
    rows += ["", "| dialect | a span is a call when | holds |", "| --- | --- | --- |"]
    for rule in ROLE_RULES:
        values = [*(f"`{value}`" for value in rule.calls), *(f"`{value}` (weak)" for value in rule.weak)]
        calls = ", ".join(values) or "(never by this)"
        rows.append(f"| {f'`{rule.dialect}`' if rule.dialect else 'any other'} | `{rule.key}` | {calls} |")
    return "\n".join(rows)


def accounting() -> str:
    """Emitters that count tokens otherwise."""
    rows = [
        "| emitter | provider | input excludes the cache | output excludes reasoning |",
        "| --- | --- | --- | --- |",
    ]
    for rule in ACCOUNTING:
        emitter = f"scope `{rule.scope}`" if rule.scope else f"dialect `{rule.dialect}`"
        emitter += f", count from `{rule.input_key}`" if rule.input_key else ""
        yes = ("no", "yes")
        rows.append(
            f"| {emitter} | {rule.provider or 'any'} | {yes[rule.input_excludes_cache]} "
            f"| {yes[rule.output_excludes_reasoning]} |"
        )
    return "\n".join(rows)


def finish_reasons() -> str:
    """Canonical finish reasons and what is read as each."""
    rows = ["| canonical | read from |", "| --- | --- |"]
    for canonical in dict.fromkeys(FINISH_REASONS.values()):
        raws = ", ".join(f"`{raw}`" for raw, meaning in FINISH_REASONS.items() if meaning == canonical)
        rows.append(f"| `{canonical}` | {raws} |")
    return "\n".join(rows)


def providers() -> str:
    """Other spellings of providers."""
    rows = ["| provider | also read as |", "| --- | --- |"]
    for provider in sorted({value for value in PROVIDERS.values() if value}):
        rows.append(f"| `{provider}` | {', '.join(f'`{raw}`' for raw, p in PROVIDERS.items() if p == provider)} |")
    return "\n".join(rows)


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "settings": ("configuration.md", settings),
    "columns": ("data-model.md", markdown_table),
    "topics": ("data-model.md", topics),
    "metrics": ("metrics.md", metrics),
    "prometheus-rules": ("metrics.md", rules),
    "dialects": ("dialects.md", dialects),
    "accounting": ("dialects.md", accounting),
    "finish-reasons": ("dialects.md", finish_reasons),
    "providers": ("dialects.md", providers),
    "sdk-settings": ("instrument.md", sdk_settings),
    "endpoints": ("api.md", endpoints),
    "commands": ("commands.md", command_line),
    "scenarios": ("advice.md", scenarios),
}


def with_part(page: str, name: str, text: str) -> str:
    """``page`` with the named part replaced."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"no part {name} in the page")
    return pattern.sub(lambda match: f"{match[1]}{text}\n{match[2]}", page)


def main() -> None:
    """Write every part into its page."""
    for name, (file, build) in PARTS.items():
        path = DOCS / file
        path.write_text(with_part(path.read_text(), name, build()))
        sys.stderr.write(f"{file}: {name}\n")


if __name__ == "__main__":
    main()
