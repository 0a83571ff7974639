"""Three weeks of two real workloads on one model: a real mix shift in the last, a true regression at the end.

Prompts and answers are drawn from the Azure LLM inference traces of 2023 (Azure/AzurePublicDataset,
``AzureLLMInferenceTrace_{code,conv}.csv``, CC-BY-4.0). They hold no latencies: those follow prompt and answer by a law.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
from pyarrow import csv

from benchmarks.detection.call_table import Calls, call_table
from benchmarks.detection.seeds import generator
from benchmarks.detection.traffic import DAY_S
from detectors.columns import Floats

START = 1_788_134_400.0
"""Monday 2026-08-31 00:00 UTC."""
SHIFT_DAY, REGRESSION_DAY, DAYS = 14, 21.25, 22
"""The regression sets in at six in the morning, when traffic is at its mean."""
SLOWER = 1.2
_PER_HOUR = 300.0
_FILES = {"code": "code.csv", "chat": "conv.csv"}
_TRAFFIC_SWING, _WEEKEND = 2 / 3, 0.5
_LOAD_SWING = 0.15
_BASE_S, _PER_PROMPT_TOKEN_S, _PER_OUTPUT_TOKEN_S, _NOISE = 0.45, 0.0001, 0.022, 0.4
_FAILURES = 0.005


class Shift(StrEnum):
    """What happens to the mix."""

    CODE_JOINS = "code joins chat"
    CHAT_JOINS = "chat joins code"
    LONGER_PROMPTS = "prompts x4"


@dataclass(frozen=True, slots=True)
class Traces:
    """Prompt and output tokens [n, 2] of real requests, by workload."""

    requests: dict[str, Floats]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """From the two files. Raises :class:`FileNotFoundError` naming the one that is missing."""
        return cls({name: _requests(folder / file) for name, file in _FILES.items()})


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run."""

    shift: Shift
    run: int
    seed: int

    def units(self, traces: Traces, unit_s: float) -> Iterator[tuple[float, pa.Table]]:
        """End and calls of each ``unit_s``, in order."""
        random = generator(self.seed, self.shift, self.run)
        for number in range(round(DAYS * DAY_S / unit_s)):
            begin = number * unit_s
            calls = [self._of(traces, route, random, begin, unit_s) for route in self._routes(begin / DAY_S)]
            yield START + begin + unit_s, call_table(Calls.together(calls), random)

    def _routes(self, day: float) -> tuple[str, ...]:
        first, second = ("code", "chat") if self.shift is Shift.CHAT_JOINS else ("chat", "code")
        joined = day >= SHIFT_DAY and self.shift is not Shift.LONGER_PROMPTS
        return (first, second) if joined else (first,)

    def _of(self, traces: Traces, route: str, random: np.random.Generator, begin: float, seconds: float) -> Calls:
        n = int(random.poisson(_PER_HOUR * seconds / 3_600 * _rhythm(begin + seconds / 2)))
        second = begin + seconds * np.sort(random.random(n))
        prompt, output = traces.requests[route][random.integers(0, len(traces.requests[route]), n)].T
        if self.shift is Shift.LONGER_PROMPTS:
            prompt = np.where(second >= SHIFT_DAY * DAY_S, 4 * prompt, prompt)
        load = (1 - _LOAD_SWING * np.cos(2 * np.pi * second / DAY_S)) * np.exp(_NOISE * random.standard_normal(n))
        load *= np.where(second >= REGRESSION_DAY * DAY_S, SLOWER, 1.0)
        first = load * (_BASE_S + _PER_PROMPT_TOKEN_S * prompt)
        return Calls(
            ts=START + second,
            model=np.full(n, "gpt-sim"),
            route=np.full(n, route),
            duration_s=first + load * _PER_OUTPUT_TOKEN_S * output,
            first_token_s=first,
            input_tokens=prompt,
            output_tokens=output,
            failed=random.random(n) < _FAILURES,
        )


def _rhythm(second: float) -> float:
    """Of the traffic, around 1 on working days: quiet nights, half of it at weekends."""
    weekend = _WEEKEND if int(second // DAY_S) % 7 >= 5 else 1.0
    return weekend * float(1 - _TRAFFIC_SWING * np.cos(2 * np.pi * second / DAY_S))


def _requests(path: Path) -> Floats:
    table = csv.read_csv(path)
    prompt, output = (table[name].to_numpy().astype(np.float64) for name in ("ContextTokens", "GeneratedTokens"))
    return np.column_stack([prompt, np.maximum(output, 1.0)])
