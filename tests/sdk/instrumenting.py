"""Scripts that instrument, each in a process of its own; and distributions made for the purpose."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType
from typing import Any

PYTHON = (sys.executable,)
NOTHING: Mapping[str, str] = MappingProxyType({})

_PRELUDE = """
import json, os, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from watchkeeper_sdk import instrumentations
from watchkeeper_sdk.instrumentations import available, switch_on, switched_on

exporter = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))

def told(report):
    made = {one.library: one.distribution for one in report.on}
    waiting = {one.library: one.distribution for one in report.waiting}
    return {"on": made, "waiting": waiting, "skipped": {one.library: one.reason for one in report.skipped}}

def spans():
    return [[span.instrumentation_scope.name, dict(span.attributes)] for span in exporter.get_finished_spans()]

def ask_openai(prompt="scenario: ok", **given):
    import openai
    with openai.OpenAI(api_key="k", base_url=sys.argv[1] + "/v1", max_retries=0) as client:
        message = {"role": "user", "content": prompt}
        client.chat.completions.create(model="gpt-4o-mini", messages=[message], **given)

def ask_claude():
    import anthropic
    with anthropic.Anthropic(api_key="k", base_url=sys.argv[1] + "/anthropic", max_retries=0) as client:
        message = {"role": "user", "content": "scenario: ok"}
        client.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=[message])

def take(library, place):
    "Leave one instrumentation in a library's row."
    from dataclasses import replace
    rows = {row.name: row for row in instrumentations.LIBRARIES}
    row = rows[library]
    instrumentations.LIBRARIES = (replace(row, instrumentations=row.instrumentations[place : place + 1]),)

def say(**found):
    print(json.dumps(found, default=str))
"""


def run(
    script: str, *arguments: str, command: tuple[str, ...] = PYTHON, environment: Mapping[str, str] = NOTHING
) -> Any:
    """What ``script`` says last, in a process of its own, and what was logged."""
    whole = _PRELUDE + dedent(script)
    ended = subprocess.run(
        [*command, "-c", whole, *arguments],
        env={**_inherited(), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1]) | {"logged": ended.stderr}


@functools.cache
def _inherited() -> Mapping[str, str]:
    """This process's environment, with a common place for bytecode: importing these libraries takes seconds."""
    folder = tempfile.mkdtemp(prefix="bytecode-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": folder}


GROQ = "opentelemetry-instrumentation-groq"
SECOND_GROQ = "openinference-instrumentation-groq"
FINE = """
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

class Instrumentor(BaseInstrumentor):
    given = []
    def instrumentation_dependencies(self):
        return ()
    def _instrument(self, **kwargs):
        Instrumentor.given.append(sorted(kwargs))
    def _uninstrument(self, **kwargs):
        pass
"""
HALF_WAY = FINE.replace("Instrumentor.given", "raise RuntimeError('SECRET'); Instrumentor.given")
REFUSING = FINE.replace("return ()", "return ('groq > 99',)")
NOT_IMPORTABLE = "import a_module_that_is_nowhere"


class Site:
    """A folder of installed distributions that do not exist elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.distribution("groq", "1.2.0")
        (folder / "groq.py").write_text("CALLS = 1\n")

    def distribution(self, name: str, version: str, *more: str, entry_points: str = "") -> None:
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *more)
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(entry_points)

    def instrumentation(self, name: str, source: str, bound: str = "groq", entry_point: str = "groq") -> None:
        module = name.replace("-", "_")
        (self.folder / f"{module}.py").write_text(source)
        entry = f"[opentelemetry_instrumentor]\n{entry_point} = {module}:Instrumentor\n"
        needs = f'Requires-Dist: {bound}; extra == "instruments"'
        self.distribution(name, "0.9", "Provides-Extra: instruments", needs, entry_points=entry)

    def run(self, script: str, environment: Mapping[str, str] = NOTHING) -> Any:
        """As :func:`run`, with these distributions installed."""
        path = os.pathsep.join(filter(None, (str(self.folder), os.environ.get("PYTHONPATH", ""))))
        return run(script, environment={**environment, "PYTHONPATH": path})
