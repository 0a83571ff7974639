"""Closed blocks of one series without the calls they come from: a minute each, error rates in them as wanted."""

from typing import Any

import numpy as np
import orjson

from detectors.alarms import Blocks
from detectors.alternatives import ALTERNATIVES, ODDS
from detectors.batch import BASELINES, FEATURES, BlockSums
from detectors.monitor import METRIC_COUNT
from detectors.rate_evidence import RateBaseline, rate_evidence
from tests.detectors.simulated import START

ERROR, CALLS, SHARE = 0, 50.0, 0.02
_BASELINE = RateBaseline(np.array([SHARE]), np.array([0.025]), np.ones(1), 1e4, 1.0)
WEIGHTS = np.zeros((BASELINES, METRIC_COUNT, ALTERNATIVES))
"""Of the alternatives to the error rate; all other metrics rest."""
WEIGHTS[0, ERROR, : len(ODDS)] = 1 / len(ODDS)


def blank(count: int, begin: int = 0) -> Blocks:
    """Blocks without calls, the first of them number ``begin`` since ``START``."""
    shape = (BASELINES, count, METRIC_COUNT)
    ends = (START + 60.0 * np.arange(begin + 1, begin + count + 1)).tolist()
    wide = np.zeros((*shape, ALTERNATIVES)), np.zeros((*shape, FEATURES)), np.zeros(shape)
    return Blocks(ends, *wide, np.zeros(shape[1:]), np.zeros(shape[1:]), np.ones(shape[1:]))


def errors(bad: list[float], begin: int = 0, calls: float = CALLS) -> Blocks:
    """Blocks of 50 calls each, so many of them ``bad``, against a pinned share of 0.02."""
    blocks, found = blank(len(bad), begin), np.array(bad)
    each = np.full_like(found, calls)
    blocks.evidence[0, :, ERROR, : len(ODDS)] = rate_evidence(_BASELINE, each[:, None], found[:, None])
    blocks.features[0, :, ERROR, :3] = np.column_stack([each, found, SHARE * each])
    blocks.calls[0, :, ERROR] = calls
    blocks.s[:, ERROR] = found - SHARE * each
    blocks.v[:, ERROR] = SHARE * (1 - SHARE) * each
    return blocks


def stored(state: Any) -> Any:
    """A state as it comes back from a snapshot."""
    return orjson.loads(orjson.dumps(state, default=np.ndarray.tolist, option=orjson.OPT_SERIALIZE_NUMPY))


def same(one: BlockSums, other: BlockSums) -> bool:
    """Have both all sums alike, bit for bit?"""
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in BlockSums.__slots__)
