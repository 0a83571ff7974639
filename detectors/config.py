"""How the detectors work: everything that a user may set, with defaults that need no tuning."""

from dataclasses import dataclass, field

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Settings of the calls it matches; an empty field matches all. The last rule that matches decides each field."""

    service: str = ""
    route: str = ""
    provider: str = ""
    model: str = ""
    metric: str = ""
    watch: bool | None = None
    tolerance: float | None = None
    """Relative: 0.1 lets a metric be a tenth worse before that counts as a change."""
    direction: str | None = None
    severity: str | None = None
    pin_from: float | None = None
    """Unix seconds: the baseline is learned anew from calls that start here (a release that was accepted)."""


@dataclass(frozen=True, slots=True)
class DetectorConfig:
    """All settings of the engine; times in the unit of their name."""

    detector: str = "e_detector"
    """Which detector decides: one of :data:`detectors.detector_names.DETECTORS`."""
    false_page_days: float = 7.0
    """At most one false page of the whole fleet in so many days (on average)."""
    fleet_series: int = 300
    """Series the budget is shared among; fewer leave a part of it unused, more exceed it."""
    max_series: int = 5_000
    """Most series held; beyond it the one that was silent longest goes, and that is reported."""
    max_strata: int = 64
    late_s: float = 3_600.0
    """Calls older than the newest by more than this are counted as late and not used."""
    rules: tuple[Rule, ...] = field(default=())
