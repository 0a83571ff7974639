"""Scores in columns: what the engine reads of a unit, once for all series."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from detectors.columns import Bools, Floats, Ints
from detectors.series import SeriesKey
from watchkeeper.schema import Variant
from watchkeeper.score_names import LABEL_VALUES

_KEY = ("service", "route", "provider", "request_model", "model")
_Word = TypeVar("_Word", SeriesKey, str)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreColumns:
    """``n`` scores by when they came; series and names are positions in ``keys`` and ``names``."""

    at: Floats
    """[n] when the score came, Unix seconds, ascending."""
    waited: Floats
    """[n] seconds from the start of the call to its score."""
    value: Floats
    """[n]"""
    prompt_bucket: Ints
    """[n] floor(log2(input tokens)) of the call, 0 where unknown."""
    series: Ints
    name: Ints
    keys: Sequence[SeriesKey]
    names: Sequence[str]

    def rows_by_model(self) -> Iterator[tuple[SeriesKey, dict[SeriesKey, Ints]]]:
        """The rows of each series, by parent, in the order of their keys."""
        found: dict[SeriesKey, dict[SeriesKey, Ints]] = {}
        for position, key in enumerate(self.keys):
            found.setdefault(key.parent, {})[key] = np.flatnonzero(self.series == position)
        yield from sorted(found.items())


def score_columns(scores: pa.Table) -> tuple[ScoreColumns, int]:
    """The scores of ``scores`` (:data:`~watchkeeper.storage.score_feed.SCORED_SCHEMA`) that say something of a model.

    Left out are those of answers from a gateway's cache and of shadow traffic. Second: how many are left out for they
    have neither a number nor a label that means one.
    """
    value = _values(scores)
    own = _of_the_model(scores)
    kept = np.flatnonzero(own & np.isfinite(value))
    kept = kept[np.argsort(scores["second"].to_numpy()[kept], kind="stable")]
    rows = scores.take(pa.array(kept))
    at = rows["second"].to_numpy().astype(np.float64)
    keys, series = _coded([SeriesKey(*parts) for parts in zip(*(rows[name].to_pylist() for name in _KEY), strict=True)])
    names, name = _coded(rows["name"].to_pylist())
    tokens = np.nan_to_num(rows["input_tokens"].to_numpy().astype(np.float64), nan=1.0)
    columns = ScoreColumns(
        at=at,
        waited=np.maximum(0.0, at - rows["called"].to_numpy() / 1e6),
        value=value[kept],
        prompt_bucket=np.floor(np.log2(np.maximum(tokens, 1.0))).astype(np.int64),
        series=series,
        name=name,
        keys=keys,
        names=names,
    )
    return columns, int((own & ~np.isfinite(value)).sum())


def _values(scores: pa.Table) -> Floats:
    value: Floats = scores["value"].to_numpy().astype(np.float64)
    for row in np.flatnonzero(np.isnan(value)).tolist():
        value[row] = LABEL_VALUES.get((scores["label"][row].as_py() or "").strip().lower().replace(" ", "_"), np.nan)
    return value


def _of_the_model(scores: pa.Table) -> Bools:
    shadow = np.array([word == Variant.SHADOW.value for word in scores["variant"].to_pylist()], np.bool_)
    cached = np.array(scores["gateway_cache_hit"].fill_null(False).to_pylist(), np.bool_)
    own: Bools = ~(shadow | cached)
    return own


def _coded(words: list[_Word]) -> tuple[list[_Word], Ints]:
    distinct = sorted(set(words))
    numbers = {word: number for number, word in enumerate(distinct)}
    return distinct, np.array([numbers[word] for word in words], np.int64)
