"""A regression or finding in a paragraph for people: what, where, since when, how sure, and what else changed."""

from datetime import datetime

from detectors.records import CoTimed, Member, Regression, Slice, State
from detectors.series import ANY, in_words, shown

_SHOWN = 3


def story(record: Regression, told_as: str = "") -> str:
    """``record`` in sentences; ``told_as`` is why it was told first, for findings that are no regression."""
    sentences = [_head(record, told_as), _times(record)]
    if record.evidence is not None and record.evidence.hypothesis:
        sentences.append(_evidence(record))
    if record.mix is not None:
        mix = record.mix
        sentences.append(
            f"Of the raw change of {mix.raw:+.3g} {mix.unit}, {mix.mix:+.3g} is another mix of calls and "
            f"{mix.within:+.3g} is within like calls."
        )
    if record.slices:
        sentences.append(f"It is carried by {', '.join(_slice(one) for one in record.slices[:_SHOWN])}.")
    if record.co_timed:
        sentences.append(f"At about the same time: {'; '.join(_co_timed(one) for one in record.co_timed[:_SHOWN])}.")
    others = [member for member in record.members if (member.series, member.metric) != (record.series, record.metric)]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        sentences.append(f"The same change shows in {'; '.join(_member(one) for one in others[:_SHOWN])}{more}.")
    return " ".join(sentences)


def where(record: Regression) -> str:
    """The series in few words."""
    served = "" if record.model in (ANY, "", record.request_model) else f", served by {record.model}"
    return f"{in_words(record.service, record.route, record.provider, record.request_model)}{served}"


def moment(at: datetime) -> str:
    """UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _head(record: Regression, told_as: str) -> str:
    size = record.size.text if record.size is not None else ""
    return f"{size or told_as or record.reason}, {where(record)}."


def _times(record: Regression) -> str:
    since = f"It began at {moment(record.onset)}"
    if record.onset_high > record.onset_low:
        since += f" (between {moment(record.onset_low)} and {moment(record.onset_high)})"
    ended = "and is not over"
    if record.closed_at is not None:
        ended = f"and was over at {moment(record.closed_at)}" + (", a transient" if record.transient else "")
    elif record.state is State.RECOVERING:
        ended = "and seems to be passing"
    return f"{since}, was found at {moment(record.detected_at)} {ended}."


def _evidence(record: Regression) -> str:
    assert record.evidence is not None
    one = record.evidence
    against = f" against the {one.baseline} baseline" if one.baseline else ""
    check = f"; cross-check: {one.cross_check}" if one.cross_check else ""
    return (
        f"The best explanation is “{one.hypothesis}”{against}, from {one.calls} calls; by chance this is expected once "
        f"in {one.patience_days:,.0f} days of this metric ({one.detector}{check})."
    )


def _slice(one: Slice) -> str:
    return f"{one.dimension} {one.value} ({one.share:.0%} of it, {one.calls} calls)"


def _co_timed(one: CoTimed) -> str:
    change = f"{one.before} → {one.after}" if one.before else one.after
    return f"{one.what} {change} at {moment(one.at)}"


def _member(one: Member) -> str:
    return f"{one.size.text} ({shown(one.series)})"
