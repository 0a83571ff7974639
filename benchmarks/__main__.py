"""All figures, each by its own script: ``python -m benchmarks [--size small|normal] [NAME …]``.

Every script runs in a process of its own, within a time limit, and ends with a line that says claim, figure and
measurement (:mod:`.verdict`). Exit code 1 if a claim fails or a script does not end as it should.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.processes import ROOT, python_module
from benchmarks.verdict import Verdict

_TAIL = 5


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One script, how it is called for each size and how long it may take."""

    name: str
    small: tuple[str, ...]
    normal: tuple[str, ...] = ()
    limit_s: float = 900.0
    claims: bool = True
    """It concludes with a verdict; else its last lines are shown as they are."""


BENCHMARKS = (
    Benchmark("ingest", ("--rounds", "1", "--requests", "150")),
    Benchmark("kafka_ingest", ("--rounds", "2", "--requests", "150")),
    Benchmark("crash", ("--spans", "30000", "--kills", "4", "--outage", "5"), limit_s=1_800),
    Benchmark("duplicates", ("--spans", "10000", "--calls", "300")),
    Benchmark("poison", ("--good", "1000", "--bad", "200"), limit_s=1_500),
    Benchmark("memory", ("--spans", "200000", "--step", "50000"), limit_s=1_800),
    Benchmark("start", ("--rounds", "3", "--spans", "20000")),
    Benchmark("sdk_overhead", ("--rounds", "2", "--calls", "4000")),
    Benchmark("sdk_away", ("--calls", "20000")),
    Benchmark("sdk_prefork", ("--calls", "500")),
    Benchmark("sdk_wheel", ("--rounds", "3")),
    Benchmark("route_picks", ("--picks", "50000")),
    Benchmark("detection", ("all", "--quick"), ("all",), limit_s=2_400),
    Benchmark("cost_truth", ("--calls", "20000")),
    Benchmark("api_speed", ("--calls", "5000000", "--requests", "160")),
    Benchmark("cost_drivers", ("--fleets", "30")),
    Benchmark("cost_forecast", ("--series", "150")),
    Benchmark("compare_truth", ("--pairs", "60", "--harder", "10", "--power", "4"), limit_s=2_400),
    Benchmark("alert_noise", ("--seed", "1"), limit_s=2_400),
    Benchmark("alert_delivery", ("--seconds", "90"), ("--seconds", "600", "--cases", "90"), limit_s=1_800),
    Benchmark("rollback", ("--rounds", "1", "--watched", "10")),
    Benchmark("migration_false_rollbacks", ("--migrations", "20"), ("--migrations", "300"), limit_s=3_600),
    Benchmark("insert", ("--batches", "6", "--merges", "0"), claims=False),
    Benchmark("pricing", ("--rounds", "20"), claims=False),
    Benchmark("receivers", ("--requests", "10"), claims=False),
)


def run(benchmark: Benchmark, size: str) -> list[Verdict]:
    """Its verdicts; what it prints goes on to the terminal."""
    arguments = benchmark.small if size == "small" else benchmark.normal
    command = python_module(f"benchmarks.{benchmark.name}", *arguments)
    print(f"\n{benchmark.name} {' '.join(arguments)}", flush=True)
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=benchmark.limit_s, cwd=ROOT)
    except subprocess.TimeoutExpired:
        return [Verdict(benchmark.name, "ends in time", f"not within {benchmark.limit_s:.0f} s", holds=False)]
    print(done.stdout, end="", flush=True)
    lines = done.stdout.splitlines()
    found = [verdict for verdict in map(Verdict.read, lines) if verdict is not None]
    if not benchmark.claims:
        found = [Verdict(benchmark.name, "", " / ".join(line.strip() for line in lines[-_TAIL:]), holds=True)]
    if done.returncode and all(verdict.holds for verdict in found):
        found.append(Verdict(benchmark.name, "runs", f"exit code {done.returncode}", holds=False))
    return found


def show(verdicts: Sequence[Verdict]) -> None:
    """The table."""
    table = Table("claim", "figure", "measured", "verdict")
    for verdict in verdicts:
        told = "holds" if verdict.holds else "FAILS"
        table.add_row(verdict.claim, verdict.figure, verdict.measured, told if verdict.figure else "")
    Console().print(table)


def main() -> None:
    """Run what is asked for and show the table."""
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=("small", "normal"), default="normal", help="normal: as the claims say")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(names)}")
    options = parser.parse_args()
    if unknown := set(options.names) - set(names):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    chosen = [one for one in BENCHMARKS if not options.names or one.name in options.names]
    verdicts = [verdict for one in chosen for verdict in run(one, options.size)]
    show(verdicts)
    sys.exit(0 if all(verdict.holds for verdict in verdicts) else 1)


if __name__ == "__main__":
    main()
