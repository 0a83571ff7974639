"""Does ``compare`` say "better" or "worse" of equal models, and does it find what differs?

``python -m benchmarks.compare_truth [--pairs 2000] [--docs docs/how-we-compare.md]``. Two cohorts of one model are
looked at after every hundred calls; a pair counts as wrong if any metric was ever called better or worse. The same with
other routes and longer prompts for the candidate. Then how often planted differences are found, after how many calls.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from platform import python_version

import numpy as np

from api.comparing.verdict import Verdict as Said
from benchmarks.compare_pairs import Pair, Seen, count, seen
from benchmarks.compare_plan import AT_MARGIN, CLAIMED, EFFECTS, HARDER, LOOKS, Plan
from benchmarks.detection.report import Table
from benchmarks.verdict import Verdict, conclude
from watchkeeper.wilson import wilson

_LEVEL = 0.05
_BEGIN, _END = "<!-- figures -->", "<!-- /figures -->"
_AFTER = (1_000, 3_000, 10_000, 30_000)
_DIFFERENT = (Said.WORSE, Said.BETTER)
_CHUNK = 10


class Simulation:
    """A plan, run by some processes; equal seeds give equal answers whatever their number."""

    def __init__(self, plan: Plan, processes: int) -> None:
        self.plan = plan
        self._processes = processes

    def wrong(self) -> tuple[Table, float]:
        """How often equal models were ever called different, and the largest share of those claimed."""
        claimed = {name: self.seen(name, self.plan.claimed(name)) for name in CLAIMED}
        harder = {name: self.seen(name, self.plan.harder_pairs(name)) for name in HARDER}
        rows = [[name, *_shares(found)] for name, found in {**claimed, **harder}.items()]
        worst = max(count(found, *_DIFFERENT) / len(found) for found in claimed.values())
        columns = ("what differs", "pairs", "ever better or worse", "95 % interval", "of which latency")
        return Table(f"Equal models, {len(LOOKS)} looks up to {LOOKS[-1]:,} calls", columns, rows), worst

    def at_margin(self) -> Table:
        """How often a candidate as much worse as the margin was ever called not worse."""
        rows = []
        for name, (metric, _) in AT_MARGIN.items():
            found = self.seen(name, self.plan.margin_pairs(name))
            wrong = sum(bool({Said.NOT_WORSE, Said.BETTER} & one.first[metric].keys()) for one in found)
            rows.append([name, *_share(wrong, len(found))])
        return Table("As much worse as the margin", ("candidate", "pairs", "ever not worse", "95 % interval"), rows)

    def power(self) -> Table:
        """Of planted differences: the share found, by calls, and the calls it took."""
        rows = []
        for name, (metric, _) in EFFECTS.items():
            found = self.seen(name, self.plan.power_pairs(name))
            said = _right(name)
            calls = [one.first[metric].get(said, np.inf) for one in found]
            shares = [f"{np.mean(np.array(calls) <= most):.0%}" for most in _AFTER]
            rows.append([name, said.replace("_", " "), *shares, _median(calls)])
        columns = ("candidate", "verdict", *(f"{most:,} calls" for most in _AFTER), "median calls")
        return Table("Found after so many calls of either cohort", columns, rows)

    def seen(self, name: str, pairs: Sequence[Pair]) -> list[Seen]:
        """Every pair, in the order of ``pairs``."""
        print(f"{name}: {len(pairs)} pairs", file=sys.stderr, flush=True)
        if self._processes < 2:
            return [seen(pair) for pair in pairs]
        with ProcessPoolExecutor(self._processes, multiprocessing.get_context("spawn")) as pool:
            return list(pool.map(seen, pairs, chunksize=_CHUNK))


def _right(name: str) -> Said:
    if name.startswith("nothing"):
        return Said.NOT_WORSE
    return Said.BETTER if name.endswith(("faster", "cheaper")) else Said.WORSE


def _shares(found: Sequence[Seen]) -> list[str]:
    latency = sum("latency" in one.ever(*_DIFFERENT) for one in found)
    return [*_share(count(found, *_DIFFERENT), len(found)), f"{latency}"]


def _share(wrong: int, pairs: int) -> list[str]:
    low, high = wilson(wrong, pairs)
    return [f"{pairs:,}", f"{wrong / pairs:.1%}", f"{low:.1%} to {high:.1%}"]


def _median(calls: Sequence[float]) -> str:
    median = float(np.median(calls))
    return f"{median:,.0f}" if np.isfinite(median) else f"more than {_AFTER[-1]:,}"


def write_figures(page: Path, tables: Sequence[Table], seed: int) -> None:
    """Put ``tables`` between the marks of ``page``. Raises :class:`ValueError` for a page without them."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        raise ValueError(f"{page} lacks {_BEGIN} or {_END}: put both where the figures belong")
    about = f"Seed {seed}, numpy {np.__version__}, Python {python_version()}."
    body = "\n".join(table.markdown() for table in tables)
    page.write_text(f"{head}{begin}\n{about}\n\n{body}{end}{tail}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_truth", description=__doc__)
    parser.add_argument("--pairs", type=int, default=2_000, help="without a difference, of each kind")
    parser.add_argument("--harder", type=int, default=200, help="without a difference, of each other dependence")
    parser.add_argument("--power", type=int, default=60, help="of each planted difference")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--docs", type=Path, metavar="FILE", help="also write the tables into this page")
    options = parser.parse_args()
    simulation = Simulation(Plan(options.pairs, options.harder, options.power, options.seed), options.processes)
    wrong, worst = simulation.wrong()
    tables = [wrong, simulation.at_margin(), simulation.power()]
    print("\n".join(table.markdown() for table in tables), flush=True)
    if options.docs:
        write_figures(options.docs, tables, options.seed)
    conclude(
        Verdict(
            "compare",
            f"equal models, mix shift or not: at most {_LEVEL:.0%} of pairs are ever called better or worse",
            f"at most {worst:.1%} of {options.pairs:,} pairs, looks every {LOOKS[0]} calls up to {LOOKS[-1]:,}",
            holds=worst <= _LEVEL,
        )
    )


if __name__ == "__main__":
    main()
