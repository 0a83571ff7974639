"""Scripts in a process of their own: where the global provider, patched libraries or the exit of a process matter."""

import os
import subprocess
import sys
import textwrap

CALL = """
    def call(model="gpt-4o", **given):
        with watchkeeper_sdk.llm_call("openai", model, **given) as one:
            one.response(id="r1", usage={"input_tokens": 3})
"""
START = (
    """
    import logging
    import watchkeeper_sdk
    from watchkeeper_sdk.testing import MemoryExporter
    logging.basicConfig(level="INFO", format="%(message)s")
    sent = MemoryExporter()
"""
    + CALL
)
"""Logs everything, has a place for what is sent, and a call to make; the script goes on with four spaces."""


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``script`` to its end, which must be a good one; warnings are errors there too."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("WATCHKEEPER_", "OTEL_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done
