"""What is known of one series, and how ``watchkeeper detectors explain`` prints it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from detectors.explain import explain
from detectors.explanations import BaselineFacts, MetricExplanation, SeriesExplanation
from detectors.series import shown
from detectors.story import moment
from watchkeeper.cli.access import Remote, store_or_api
from watchkeeper.cli.backtest import Source, chosen_config, run
from watchkeeper.cli.backtest_json import plain
from watchkeeper.cli.detecting import engines
from watchkeeper.cli.detector_views import SavedEngines
from watchkeeper.settings import Settings

_MOST_STRATA = 24


def explanation(settings: Settings, series: str, calls: Sequence[Path]) -> SeriesExplanation:
    """Of the calls in files or, without any, as of the state saved last.

    Raises :class:`~watchkeeper.errors.ConfigError` with what there is where none, or several series, are named so.
    """
    if calls:
        return explain(run(settings, Source(tuple(calls)))[0].engine, series)
    return _of_saved(settings, series)


def answer(found: SeriesExplanation, as_object: bool, console: Console) -> None:
    """Print it."""
    if as_object:
        console.file.write(plain(asdict(found)) + "\n")
    else:
        _print(found, console)


def _of_saved(settings: Settings, series: str) -> SeriesExplanation:
    """From the states in the store; of several that know the series, the one saved last."""
    chosen_config(settings)
    with store_or_api(settings) as access:
        if isinstance(access, Remote):
            answer = access.get("/v1/detectors/explain", series=series)
            return TypeAdapter(SeriesExplanation).validate_python(answer)
        return SavedEngines(engines(settings, access), access).explain(series)


def _print(found: SeriesExplanation, console: Console) -> None:
    console.print(f"[bold]{escape(shown(found.series))}[/]  {found.series_id}", highlight=False)
    console.print(f"{found.calls:,} calls, {moment(found.first_seen)} to {moment(found.last_seen)}", highlight=False)
    if found.inherited_from:
        console.print(f"judged by what was usual of {escape(found.inherited_from)}, which served this workload before")
    if found.late_last is not None:
        console.print(
            f"{found.late_calls:,} calls came too late to be judged, the last at {moment(found.late_last)} "
            "(docs/detection.md says what late is)",
            style="yellow",
            highlight=False,
        )
    days = f"{found.patience_days:,.0f}"
    console.print(f"one false alarm of one metric is allowed in {days} days", highlight=False)
    for metric in found.metrics:
        _print_metric(metric, console)


def _print_metric(metric: MetricExplanation, console: Console) -> None:
    status = metric.status
    console.print(f"\n[bold]{status.metric}[/]: {status.state.value.replace('_', ' ')} – {status.why}")
    leading = f", led by “{metric.leading}”" if metric.leading else ""
    console.print(
        f"  statistic {status.level:.2g} of 1, {metric.way_to_alarm:.0%} of the way to an alarm{leading}; "
        f"tolerance {metric.tolerance:.0%}, {metric.direction}, {metric.severity}",
        highlight=False,
    )
    if metric.false_alarms:
        console.print(
            f"  {metric.false_alarms} alarm(s) of it were called false: one false alarm is allowed in "
            f"{metric.patience_days:,.0f} days",
            highlight=False,
        )
    if status.detectable:
        seen = ", ".join(
            f"{one.short} in a{'n' if one.within == 'hour' else ''} {one.within}" for one in status.detectable
        )
        console.print(f"  smallest change that would be seen: {seen}", highlight=False)
    for baseline in metric.baselines:
        _print_baseline(metric, baseline, console)


def _print_baseline(metric: MetricExplanation, baseline: BaselineFacts, console: Console) -> None:
    kind = "accepted" if baseline.accepted else "still extended"
    console.print(
        f"  {baseline.name} baseline ({kind}): {baseline.calls:,} calls over {baseline.days:.1f} days since "
        f"{moment(baseline.since)}; dispersion {baseline.phi:.2f}, between blocks {baseline.between:.3g}",
        highlight=False,
    )
    table = Table("calls with", "calls", "usual", "no change up to", "judged", box=None, padding=(0, 2, 0, 4))
    for one in baseline.strata[:_MOST_STRATA]:
        usual, limit = (_amount(number, metric.unit) for number in (one.usual, one.limit))
        table.add_row(one.calls_like, f"{one.calls:,}", usual, limit, "yes" if one.judged else "too few calls")
    console.print(table)
    if baseline.hours:
        hours = ", ".join(f"{hour} {factor - 1:+.0%}" for hour, factor in baseline.hours.items())
        console.print(f"    hours that differ: {hours}", highlight=False)


def _amount(number: float, unit: str) -> str:
    return f"{number:.2%}" if unit == "share" else f"{number:.3g} {unit}"
