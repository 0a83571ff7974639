"""The calibration suite: each claim about false alarms, delay, speed and state, by simulation.

``python -m benchmarks.detection CLAIM [CLAIM …] [--quick] [--seed N] [--json FILE]``, or ``all``. Prints Markdown
tables and ends with a line per claim (:mod:`benchmarks.verdict`); exit code 1 if one fails. Equal seeds give equal
streams to all detectors.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.detection import (
    any_traffic,
    delay,
    dependence,
    fleet,
    half_tolerance,
    learned_baselines,
    mix_shift,
    speed,
    state,
    tail,
)
from benchmarks.detection.plan import Plan
from benchmarks.detection.report import Result, as_json, write_figures

CLAIMS: dict[str, Callable[[Plan], Result]] = {
    "any-traffic": any_traffic.run,
    "learned-baselines": learned_baselines.run,
    "dependence": dependence.run,
    "delay": delay.run,
    "tail": tail.run,
    "mix-shift": mix_shift.run,
    "half-tolerance": half_tolerance.run,
    "fleet": fleet.run,
    "state": state.run,
    "speed": speed.run,
}


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("claims", nargs="+", metavar="CLAIM", help=f"all, or some of {', '.join(CLAIMS)}")
    parser.add_argument("--quick", action="store_true", help="a small sample in under a minute")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--docs", type=Path, metavar="FILE", help="also write the tables into this page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    options = parser.parse_args()
    if unknown := set(options.claims) - set(CLAIMS) - {"all"}:
        parser.error(f"no claim {', '.join(sorted(unknown))}; there are {', '.join(CLAIMS)}")
    chosen = list(CLAIMS) if "all" in options.claims else options.claims
    plan, began = Plan.of(quick=options.quick, seed=options.seed, processes=options.processes), time.monotonic()
    results = [_run(name, plan) for name in chosen]
    if options.json:
        told = as_json(results, seed=plan.seed, quick=plan.quick, seconds=time.monotonic() - began)
        options.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if options.docs:
        write_figures(options.docs, results, seed=plan.seed, quick=plan.quick)
    print("\n".join(result.line() for result in results), flush=True)
    sys.exit(0 if all(result.holds is not False for result in results) else 1)


def _run(name: str, plan: Plan) -> Result:
    began = time.monotonic()
    result = CLAIMS[name](plan)
    print(result.markdown(), flush=True)
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return result


if __name__ == "__main__":
    main()
