"""The SDK's wheel in an environment with nothing else: what it brings, and how long its import takes.

``python -m benchmarks.sdk_wheel [--rounds 9]``: builds the wheel, installs it with what it needs from the package index
into a new environment, and imports it in new processes.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.verdict import Verdict, conclude

LIMIT_MS = 150.0
_TIMED = """
import time
began = time.perf_counter()
import watchkeeper_sdk
took = time.perf_counter() - began
with watchkeeper_sdk.llm_call("openai", "gpt-4o-mini") as call:
    call.response(usage={"input_tokens": 1, "output_tokens": 1})
print(took * 1000)
"""


def build(into: Path) -> Path:
    """The wheel."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(into), str(ROOT / "sdk")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    (wheel,) = into.glob("*.whl")
    return wheel


def import_ms(python: Path, rounds: int) -> list[float]:
    """Times of imports in processes of their own; the first, which writes bytecode, is left out."""
    times = []
    for _ in range(rounds + 1):
        done = subprocess.run([python, "-c", _TIMED], check=True, capture_output=True, text=True, timeout=60)
        times.append(float(done.stdout))
    return times[1:]


def main() -> None:
    """Build, install, import, conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = build(Path(folder))
        names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
        packages = {name for name in names if not name.endswith(".dist-info")}
        venv.create(Path(folder) / "alone", with_pip=True)
        python = Path(folder) / "alone" / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, timeout=300)
        times = import_ms(python, options.rounds)
    found = statistics.median(times)
    print(f"imports: {', '.join(f'{one:.0f}' for one in times)} ms; the wheel holds {', '.join(sorted(packages))}")
    conclude(
        Verdict(
            "the SDK's wheel alone: import, median",
            f"< {LIMIT_MS:.0f} ms, only watchkeeper_sdk in it",
            f"{found:.0f} ms, {', '.join(sorted(packages))}",
            holds=found < LIMIT_MS and packages == {"watchkeeper_sdk"},
        )
    )


if __name__ == "__main__":
    main()
