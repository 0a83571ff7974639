"""How large a change is, in plain units, from the sums since its onset; and how sure we are that there is one."""

import numpy as np

from detectors.alarms import Alarm
from detectors.alternatives import is_down, is_tail, rate_label, value_label
from detectors.columns import Floats
from detectors.config import DAY_S
from detectors.metrics import METRICS, RATES, SCORE, Direction
from detectors.records import Size
from detectors.score_baseline import score_label
from watchkeeper.wilson import Z_95, wilson

_ORDER = tuple(METRICS.values())
_CHANGES_EVERY_S = 90 * DAY_S
_MOST_CALLS = 0.5
_PLAIN_FACTOR = 2.0
"""A change from this factor on is told as one, a smaller one in percent."""


def direction_of(alarm: Alarm) -> Direction:
    """Which way the metric went."""
    value = alarm.metric >= len(RATES)
    return Direction.DOWN if value and is_down(alarm.alternative) else Direction.UP


def hypothesis_of(alarm: Alarm) -> str:
    """The alternative that won, in words."""
    if alarm.metric == SCORE:
        return score_label(alarm.alternative)
    return rate_label(alarm.alternative) if alarm.metric < len(RATES) else value_label(alarm.alternative)


def confidence_of(patience_s: float) -> float:
    """Probability that an alarm is real if a series' metric truly changes once in 90 days and every change is found."""
    return float(patience_s / (patience_s + _CHANGES_EVERY_S))


def size_of(alarm: Alarm, phi: float, tail_shares: tuple[float, float] = (0.05, 0.01)) -> Size:
    """Before and after in the metric's unit, with a 95 % interval of the latter widened by the dispersion ``phi``."""
    if alarm.metric < len(RATES):
        return _rate_size(alarm, phi)
    if is_tail(alarm.alternative):
        return _tail_size(alarm, phi, tail_shares)
    return _shift_size(alarm, phi)


def _rate_size(alarm: Alarm, phi: float) -> Size:
    calls, bad, expected = alarm.features[:3]
    before, after = expected / max(calls, 1e-9), bad / max(calls, 1e-9)
    low, high = wilson(bad / phi, calls / phi)
    name = _ORDER[alarm.metric].name
    text = f"{name} {_percent(before)} → {_percent(after)} ({_percent(low)} to {_percent(high)})"
    return Size(before=before, after=after, low=low, high=high, ratio=_ratio(after, before), unit="share", text=text)


def _tail_size(alarm: Alarm, phi: float, shares: tuple[float, float]) -> Size:
    """Calls beyond the former 95th or 99th percentile, whichever became the more frequent in proportion."""
    calls = max(alarm.features[0], 1e-9)
    found = [
        (beyond / calls / share, place)
        for place, (beyond, share) in enumerate(zip(alarm.features[3:5], shares, strict=True))
    ]
    # Where most calls are beyond it, the 95th percentile says so; "the 99th times 80" would sound like another change.
    ratio, place = found[0] if found[0][0] * shares[0] >= _MOST_CALLS else max(found)
    before, after = shares[place], ratio * shares[place]
    low, high = wilson(after * calls / phi, calls / phi)
    name, tail = _ORDER[alarm.metric].name, ("p95", "p99")[place]
    if after >= _MOST_CALLS:
        return _moved_size(alarm, phi, f"{_percent(after)} of calls are beyond the former {tail}")
    text = f"{name}: {tail} tail ×{ratio:.1f} (calls beyond the former {tail}: {_percent(before)} → {_percent(after)})"
    return Size(before=before, after=after, low=low, high=high, ratio=ratio, unit="share", text=text)


def _moved_size(alarm: Alarm, phi: float, beyond: str) -> Size:
    """Of a tail that most calls are in: all of them went there, and by which factor."""
    size, metric = _shift_size(alarm, phi), _ORDER[alarm.metric]
    # Ranks end where the baseline's own calls do: a factor made of them can only be too small.
    least = "" if alarm.exact else "at least "
    factor = f"{least}×{size.ratio:.1f}" if size.ratio >= _PLAIN_FACTOR else f"{least}{size.ratio - 1:+.0%}"
    typically = f"typically {_plain(size.before)} → {_plain(size.after)} {metric.unit}"
    return size.model_copy(update={"text": f"{metric.name} {factor} ({typically}; {beyond})"})


def _shift_size(alarm: Alarm, phi: float) -> Size:
    calls, scores, precision, _, _, expected = alarm.features
    metric = _ORDER[alarm.metric]
    shift, error = scores / max(precision, 1e-9), Z_95 * float(np.sqrt(phi / max(precision, 1e-9)))
    before = float(np.exp(expected / max(calls, 1e-9)))
    after, low, high = (before * float(np.exp(x)) for x in (shift, shift - error, shift + error))
    ratio = float(np.exp(shift))
    text = f"{metric.name} {ratio - 1:+.0%} (typically {_plain(before)} → {_plain(after)} {metric.unit})"
    return Size(before=before, after=after, low=low, high=high, ratio=ratio, unit=metric.unit, text=text)


def score_size(alarm: Alarm, phi: float, name: str, widest: tuple[float, float]) -> Size:
    """The same of a score that lies between ``widest``; its interval is Wilson's, narrower where scores vary less."""
    calls, more, expected, variance = (max(one, 1e-9) if n != 1 else one for n, one in enumerate(alarm.features[:4]))
    usual, found = expected / calls, float(np.clip((expected + more) / calls, 0.0, 1.0))
    varied = float(np.clip(variance / calls / max(1e-9, usual * (1 - usual)), 1e-6, 1.0))
    counted = calls / phi / varied
    grid = widest[1] - widest[0]
    before, after, low, high = (widest[0] + grid * share for share in (usual, found, *wilson(found * counted, counted)))
    text = f"{name} {_plain(before)} → {_plain(after)} ({_plain(low)} to {_plain(high)}, {round(calls)} scores)"
    return Size(before=before, after=after, low=low, high=high, ratio=_ratio(after, before), unit="score", text=text)


def _ratio(after: float, before: float) -> float:
    return after / before if before > 0 else 0.0


def _percent(share: float) -> str:
    return f"{share:.2%}" if share < 0.1 else f"{share:.0%}"


def _plain(number: float) -> str:
    return f"{number:.3g}"


def interval(alarm: Alarm) -> tuple[float, float]:
    """The onset's interval: two standard deviations of its posterior, not later than the alarm."""
    half: Floats = np.array(2 * alarm.spread)
    return alarm.onset - float(half), min(alarm.at, alarm.onset + float(half))
