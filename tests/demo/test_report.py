"""The table at the end."""

from decimal import Decimal
from io import StringIO

from rich.console import Console

from demo.backend import Backend
from demo.report import show
from demo.summary import SummaryRow

_BACKEND = Backend(api="http://127.0.0.1:8080", otlp="http://127.0.0.1:4318")


def _shown(*rows: SummaryRow) -> str:
    out = StringIO()
    show(Console(file=out, width=150), rows, _BACKEND)
    return out.getvalue()


def _row(**fields: object) -> SummaryRow:
    basic = {"service": "app", "provider": "openai", "model": "m", "calls": 2, "outcomes": {"ok": 2}}
    return SummaryRow.model_validate(basic | fields)


def test_a_row_shows_outcomes_latency_tokens_and_cost() -> None:
    row = _row(
        outcomes={"ok": 1, "refused": 1},
        latency_p50_ms=120.4,
        latency_p95_ms=480.0,
        ttft_p50_ms=60.2,
        input_tokens=1234,
        output_tokens=77,
        cost_usd=Decimal("0.01234"),
    )
    shown = _shown(row)
    for part in ("refused 1", "120", "480", "60", "1,234", "77", "0.0123"):
        assert part in shown


def test_an_unknown_price_is_a_word_and_never_zero() -> None:
    line = next(line for line in _shown(_row(model="house", unpriced_calls=2)).splitlines() if " house " in line)
    assert "unpriced" in line
    assert "0.0000" not in line


def test_an_unknown_number_leaves_its_cell_empty() -> None:
    line = next(line for line in _shown(_row(model="blank")).splitlines() if " blank " in line)
    assert "None" not in line
    assert " 0 " not in line


def test_the_addresses_are_printed() -> None:
    shown = _shown(_row())
    assert "http://127.0.0.1:8080" in shown
    assert "http://127.0.0.1:4318/v1/traces" in shown
