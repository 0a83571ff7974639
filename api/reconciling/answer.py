"""From two sides of a bill to a verdict, the reasons behind it, and every day and model in which they differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from api.reconciling.export import Export
from api.reconciling.match import Cell, Sums, day_of, in_all, other_items
from api.reconciling.models import (
    OtherItem,
    ReasonItem,
    ReasonTotal,
    ReconcileAnswer,
    ReconcileRow,
    Side,
    Verdict,
)
from api.reconciling.reasons import Circumstances, Tolerance, reasons

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bill:
    """An export and the calls it is about."""

    export: Export
    cells: Sequence[Cell]
    around: Circumstances

    @property
    def begin(self) -> datetime:
        return day_of(min(self.export.buckets), self.export.day_offset)

    @property
    def end(self) -> datetime:
        return day_of(max(self.export.buckets), self.export.day_offset) + _DAY


def balanced_models(cells: Sequence[Cell], tolerance: Tolerance) -> frozenset[str]:
    """Models whose whole period agrees although several of their days do not."""
    by_model: dict[str, list[Cell]] = {}
    for cell in cells:
        by_model.setdefault(cell.label, []).append(cell)
    return frozenset(
        label
        for label, days in by_model.items()
        if sum(tolerance.agrees(day.theirs, day.ours) is not True for day in days) > 1
        and tolerance.agrees(*in_all(days))
    )


def reconcile_answer(bill: Bill, limit: int) -> ReconcileAnswer:
    """The whole comparison; ``rows`` are the ``limit`` largest differences."""
    rows = sorted((_row(cell, bill.around) for cell in bill.cells), key=_weight, reverse=True)
    theirs, ours = in_all(bill.cells)
    totals = _reason_totals(rows)
    verdict = _verdict(bill, rows, theirs, ours)
    return ReconcileAnswer(
        form=bill.export.form,
        provider=bill.export.provider,
        start=bill.begin,
        end=bill.end,
        complete_since=bill.around.complete_since,
        tolerance=float(bill.around.tolerance.share),
        tolerance_usd=bill.around.tolerance.usd,
        verdict=verdict,
        sentence=_sentence(verdict, totals, theirs, ours),
        notes=list(_notes(bill)),
        provider_total=_side(theirs),
        stored_total=_side(ours),
        difference=_side(theirs.less(ours)),
        reasons=totals,
        other_items=[OtherItem(item=item, usd=usd) for item, usd in sorted(other_items(bill.export).items())],
        rows=rows[:limit],
        rows_total=len(rows),
    )


def _row(cell: Cell, around: Circumstances) -> ReconcileRow:
    difference = cell.theirs.less(cell.ours)
    return ReconcileRow(
        day=cell.day,
        model=cell.label,
        models_here=sorted(cell.names_here),
        models_there=sorted(name for name in cell.names_there if name),
        provider=_side(cell.theirs),
        stored=_side(cell.ours),
        difference=_side(difference),
        agrees=around.tolerance.agrees(cell.theirs, cell.ours),
        reasons=reasons(cell, around),
    )


def _side(sums: Sums) -> Side:
    return Side(**{name: getattr(sums, name) for name in Side.model_fields})


def _gap(row: ReconcileRow) -> tuple[Decimal | None, int | None]:
    """Dollars and tokens that the provider has more; None where the export does not tell."""
    tokens = [getattr(row.difference, name) for name in ("input_tokens", "output_tokens")]
    known = [count for count in tokens if count is not None]
    # What is stored without a price is missing from our sum as a whole.
    usd = None if row.provider.usd is None else row.provider.usd - (row.stored.usd or Decimal(0))
    return usd, sum(known) if known else None


def _weight(row: ReconcileRow) -> tuple[bool, Decimal, int]:
    usd, tokens = _gap(row)
    return row.agrees is not True, abs(usd or Decimal(0)), abs(tokens or 0)


def _reason_totals(rows: Iterable[ReconcileRow]) -> list[ReasonTotal]:
    """Each row's likeliest reason has all of its difference."""
    by_reason: dict[str, list[tuple[ReconcileRow, ReasonItem]]] = {}
    for row in rows:
        for first in row.reasons[:1]:
            by_reason.setdefault(first.reason, []).append((row, first))
    totals = [_reason_total(found) for found in by_reason.values()]
    return sorted(totals, key=lambda t: (abs(t.difference_usd or 0), abs(t.difference_tokens or 0)), reverse=True)


def _reason_total(found: Sequence[tuple[ReconcileRow, ReasonItem]]) -> ReasonTotal:
    gaps = [_gap(row) for row, _ in found]
    usd = [gap for gap, _ in gaps if gap is not None]
    tokens = [gap for _, gap in gaps if gap is not None]
    return ReasonTotal(
        reason=found[0][1].reason,
        rows=len(found),
        difference_usd=sum(usd, Decimal(0)) if usd else None,
        difference_tokens=sum(tokens) if tokens else None,
        sentence=found[0][1].sentence,
    )


def _verdict(bill: Bill, rows: Sequence[ReconcileRow], theirs: Sums, ours: Sums) -> Verdict:
    comparable = [row for row in rows if row.agrees is not None]
    gone = bill.around.complete_since
    if not ours.requests or (not comparable and not theirs.tokens and theirs.usd is None):
        return Verdict.CANNOT_TELL
    if gone is not None and bill.begin < gone:
        return Verdict.CANNOT_TELL
    if all(row.agrees for row in rows):
        return Verdict.AGREES
    return Verdict.AGREES if _is_slight(bill.around.tolerance, rows, theirs, ours) else Verdict.DIFFERS


def _is_slight(tolerance: Tolerance, rows: Sequence[ReconcileRow], theirs: Sums, ours: Sums) -> bool:
    """Do the rows that differ amount, however they add up, to no more than the tolerance of the whole?"""
    gaps = [_gap(row) for row in rows if row.agrees is not True]
    by_usd = theirs.usd is not None and ours.usd is not None
    whole = Decimal(theirs.usd or 0) if by_usd else Decimal(theirs.tokens or 0)
    differing = sum((abs(Decimal((usd if by_usd else tokens) or 0)) for usd, tokens in gaps), Decimal(0))
    return bool(tolerance.agrees(theirs, ours)) and differing <= tolerance.share * abs(whole)


def _sentence(verdict: Verdict, totals: Sequence[ReasonTotal], theirs: Sums, ours: Sums) -> str:
    if verdict is Verdict.AGREES:
        return "The export and the stored calls agree within the tolerance."
    first = totals[0].sentence if totals else "Nothing of the two sides can be compared."
    if verdict is Verdict.CANNOT_TELL:
        if not ours.requests:
            return "No call to this provider is stored for these days. Is the application instrumented?"
        return f"Stored usage does not reach back that far, or nothing can be compared. {first}"
    return f"{_by_how_much(theirs, ours)} The most of it: {first}"


def _by_how_much(theirs: Sums, ours: Sums) -> str:
    if theirs.usd is not None and ours.usd is not None:
        return f"The provider says {theirs.usd:,.2f} $, stored calls {ours.usd:,.2f} $."
    if theirs.tokens is not None and ours.tokens is not None:
        return f"The provider counts {theirs.tokens:,} tokens, stored calls {ours.tokens:,}."
    return "The two sides differ."


def _notes(bill: Bill) -> Iterable[str]:
    export = bill.export
    offset = export.day_offset
    if offset:
        yield f"The export's days begin {offset} h after midnight UTC; stored calls were cut into days the same way."
    if export.is_cut:
        yield "The export says that further pages exist: what they hold is missing here. Send all pages as one list."
    if not export.has_usd:
        yield "The export has no amounts: tokens alone are compared. Compare the export of costs too."
    if not export.has_tokens:
        yield "The export has no tokens: amounts alone are compared."
    if export.has_usd and not any(row.model for row in export.rows):
        yield "The export does not tell models: group it by line item (OpenAI) or description (Anthropic)."
    yield from _left_out(export.skipped, sum(other_items(export).values(), Decimal(0)))


def _left_out(skipped: Mapping[str, int], other_usd: Decimal) -> Iterable[str]:
    if other_usd:
        yield f"{other_usd:,.2f} $ are for other things than tokens of calls (other_items): nothing stored to compare."
    for kind, count in sorted(skipped.items()):
        yield f"{count:,} rows of the kind {kind} have no tokens and were left out."
