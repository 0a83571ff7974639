"""What the detectors reported of :mod:`tests.web.traffic`, what people said of it, and who was told."""

from datetime import datetime, timedelta
from typing import Any

from detectors.metrics import Severity
from detectors.records import CoTimed, Evidence, FindingKind, Member, MixSplit, Regression, Size, Slice, State
from detectors.reporting import transition_row
from tests.web.traffic import BROKEN, NOW, OUTAGE, REFUSING, SLOWER
from watchkeeper.series_id import ANY, series_id
from watchkeeper.storage.alert_decisions import DecisionRow, log_decisions
from watchkeeper.storage.alert_deliveries import Delivery, Outcome, log_deliveries
from watchkeeper.storage.client import Store
from watchkeeper.storage.regression_actions import ActionKind, NewAction, insert_action
from watchkeeper.storage.regressions import insert_transitions

_MINUTE = timedelta(minutes=1)
_CHAT = ("shop", "chat", "openai", "gpt-4o", "gpt-4o-2024-11-20")
_RANK = ("search", "rank", "openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18")
_INVOICES = ("billing", "invoices", "mistral", "mistral-large-2411", "mistral-large-2411")
_GOOGLE = (ANY, ANY, "google", "gemini-2.5-flash", ANY)
_NAMES = ("service", "route", "provider", "request_model", "model")


def seed(store: Store) -> None:
    """All of it."""
    insert_transitions(store, [transition_row(one, one.at) for one in _regressions()])
    insert_action(
        store,
        NewAction(
            "said", "a1c0ffee", ActionKind.ACKNOWLEDGE, "mira", SLOWER + 95 * _MINUTE, "asking the provider",
            "openai", "gpt-4o", (),
        ),
    )  # fmt: skip
    told = ("chat", "case-1", "everything", "open", "critical")
    for number, (found, at) in enumerate((("a1c0ffee", SLOWER), ("b2c0ffee", REFUSING))):
        made = at + 40 * _MINUTE
        log_deliveries(
            store,
            [Delivery(f"m{number}", made, Outcome.SENT, 1, "", *told, "OpenAI is worse", "it is new", (found,), made)],
        )
        log_decisions(store, [DecisionRow(made, "case-1", (found,), "chat", "everything", "open", "it is new", None)])


def _regressions() -> list[Regression]:
    slower, refusing = _slower(), _refusing()
    outage = _made(
        "c3c0ffee", _GOOGLE, OUTAGE[0], kind=FindingKind.OUTAGE, metric="error", found_after=6,
        reason="95 % of the calls failed, on all routes",
    )  # fmt: skip
    ended = {"seq": 2, "state": State.CLOSED, "at": OUTAGE[1] + 20 * _MINUTE, "closed_at": OUTAGE[1]}
    broken = _made(
        "d4c0ffee", _INVOICES, BROKEN, metric="format_failure", found_after=180, reason="format failures rose",
        size=_size(0.01, 0.19, 0.15, 0.24, "format_failure 1.00% → 19% (15% to 24%)"),
        evidence=_evidence("odds ×16", 132),
        co_timed=(CoTimed(what="prompt version", before="6", after="7", at=BROKEN),),
    )  # fmt: skip
    better = {"seq": 2, "state": State.RECOVERING, "at": NOW - 30 * _MINUTE, "reason": "the last 40 calls were fine"}
    mix = _made(
        "e5c0ffee", _CHAT, NOW - timedelta(days=5), kind=FindingKind.MIX_SHIFT, metric="input_tokens", found_after=600,
        severity=Severity.NOTICE, state=State.CLOSED, closed_at=NOW - timedelta(days=4),
        reason="prompts are longer than usual; like calls fare as before",
    )  # fmt: skip
    moved = _made(
        "f6c0ffee", _CHAT, SLOWER, kind=FindingKind.SERVED_MODEL_CHANGE, metric="", found_after=5,
        severity=Severity.NOTICE, reason="gpt-4o is answered by gpt-4o-2024-11-20 now, before by gpt-4o-2024-08-06",
        details={"before": "gpt-4o-2024-08-06", "after": "gpt-4o-2024-11-20", "share": "100 %"},
    )  # fmt: skip
    return [
        *(slower, refusing, mix, moved),
        *(outage, outage.model_copy(update={**ended, "reason": "calls are answered again"})),
        *(broken, broken.model_copy(update=better)),
    ]


def _slower() -> Regression:
    size = Size(
        before=1.12, after=1.71, low=1.64, high=1.79, ratio=1.53, unit="s",
        text="latency +53% (typically 1.12 → 1.71 s)",
    )  # fmt: skip
    evidence = _evidence("×1.5", 96)
    return _made(
        "a1c0ffee", _CHAT, SLOWER, metric="latency", found_after=34, reason="latency rose", size=size,
        evidence=evidence,
        members=(
            _member(_CHAT, "latency", size, evidence),
            _member(_CHAT, "time_to_first_token", size.model_copy(
                update={"before": 0.22, "after": 0.34, "text": "time_to_first_token +52% (typically 0.223 → 0.34 s)"}
            ), evidence),
        ),
        slices=(Slice(dimension="model", value="gpt-4o-2024-11-20", calls=288, before=1.12, after=1.71, share=0.98),),
        mix=MixSplit(raw=0.6, mix=0.01, within=0.59, unit="s"),
        co_timed=(CoTimed(what="served model", before="gpt-4o-2024-08-06", after="gpt-4o-2024-11-20", at=SLOWER),),
    )  # fmt: skip


def _refusing() -> Regression:
    return _made(
        "b2c0ffee", _RANK, REFUSING, metric="refusal", found_after=22, reason="refusals rose",
        size=_size(0.0102, 0.143, 0.1, 0.2, "refusal 1.02% → 14% (10% to 20%)"), evidence=_evidence("odds ×13", 58),
        slices=(Slice(dimension="tenant", value="acme", calls=61, before=0.01, after=0.31, share=0.72),),
    )  # fmt: skip


def _made(
    regression_id: str, series: tuple[str, ...], onset: datetime, *, found_after: int, **values: Any
) -> Regression:
    found = onset + found_after * _MINUTE
    given: dict[str, Any] = {
        "kind": FindingKind.REGRESSION, "severity": Severity.PAGE, "state": State.OPEN, "at": found, "direction": "up",
        "onset": onset, "onset_low": onset - 9 * _MINUTE, "onset_high": onset + 4 * _MINUTE, "detected_at": found,
        "confidence": 0.997, "series": "|".join(series), "series_id": series_id(*series), "seq": 1,
        **dict(zip(_NAMES, series, strict=True)),
    }  # fmt: skip
    return Regression(id=regression_id, **{**given, **values})


def _size(before: float, after: float, low: float, high: float, text: str) -> Size:
    return Size(before=before, after=after, low=low, high=high, ratio=after / before, unit="share", text=text)


def _evidence(hypothesis: str, calls: int) -> Evidence:
    return Evidence(
        detector="e_detector", statistic=1.4, hypothesis=hypothesis, baseline="trailing", calls=calls,
        patience_days=29_400.0, cross_check="ADWIN agrees",
    )  # fmt: skip


def _member(series: tuple[str, ...], metric: str, size: Size, evidence: Evidence) -> Member:
    found = SLOWER + 34 * _MINUTE
    return Member(
        series="|".join(series), series_id=series_id(*series), metric=metric, direction="up", state=State.OPEN,
        onset=SLOWER, onset_low=SLOWER, onset_high=SLOWER, detected_at=found, size=size, evidence=evidence,
    )  # fmt: skip
