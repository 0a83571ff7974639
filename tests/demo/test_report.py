"""The table at the end."""

from decimal import Decimal
from io import StringIO

from rich.console import Console

from demo.backend import Backend
from demo.report import show, show_addresses
from demo.summary import SummaryRow

_BACKEND = Backend(api="http://127.0.0.1:8080", otlp="http://127.0.0.1:4318")


def _shown(*rows: SummaryRow) -> str:
    out = StringIO()
    show(Console(file=out, width=100), rows)
    return out.getvalue()


def _row(**fields: object) -> SummaryRow:
    basic = {"service": "app", "provider": "openai", "model": "m", "calls": 2, "outcomes": {"ok": 2}}
    return SummaryRow.model_validate(basic | fields)


def test_a_line_sums_what_a_service_did() -> None:
    told = {"input_tokens": 1200, "output_tokens": 70, "cost_usd": Decimal("0.01")}
    one = _row(model="m-2025-01-01", outcomes={"ok": 1, "refused": 1}, **told)
    line = next(line for line in _shown(one, _row(**told), _row(model="n")).splitlines() if " app " in line)
    for part in (" 6 ", " 5 ", "refused 1", " 2,540 ", "0.0200"):
        assert part in line


def test_an_unknown_price_is_a_word_and_never_zero() -> None:
    line = next(line for line in _shown(_row(service="house", unpriced_calls=2)).splitlines() if " house " in line)
    assert "unpriced" in line
    assert "0.0000" not in line


def test_an_unknown_number_leaves_its_cell_empty() -> None:
    line = next(line for line in _shown(_row(service="blank")).splitlines() if " blank " in line)
    assert "None" not in line
    assert " 0 " not in line


def test_the_addresses_are_printed() -> None:
    out = StringIO()
    show_addresses(Console(file=out, width=100), _BACKEND)
    assert "http://127.0.0.1:8080/\n" in out.getvalue()
    assert "http://127.0.0.1:4318/v1/traces" in out.getvalue()
