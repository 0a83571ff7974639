"""Answers as CSV, Arrow and Parquet: what is written reads back, whoever asks and whatever the texts hold."""

import csv
import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import BaseModel

from api.answers.csv_text import plain
from api.answers.negotiation import MEDIA_TYPES, accepted
from api.answers.tabular import RESPONSES, Form, Wanted, respond, stream, table_of
from api.problems import Problem, on_problem
from tests.api.client import problem
from watchkeeper.errors import WatchkeeperError


class Inner(BaseModel):
    low: float | None
    high: float


class Thing(BaseModel):
    group: dict[str, str]
    at: datetime | None
    calls: int
    rate: Inner | None
    cost_usd: Decimal | None
    fine: bool | None = None
    kinds: list[str] = []


class Things(BaseModel):
    start: datetime
    rows: list[Thing]
    next_cursor: str | None = None


NOON = datetime(2026, 5, 28, 12, tzinfo=UTC)
THINGS = [
    Thing(group={"model": "a"}, at=NOON, calls=3, rate=Inner(low=None, high=0.5), cost_usd=Decimal("0.000000001")),
    Thing(group={"model": "=1+1"}, at=None, calls=-4, rate=None, cost_usd=None, fine=False, kinds=["x", "y"]),
]
NAMES = ["model", "at", "calls", "rate_low", "rate_high", "cost_usd", "fine", "kinds"]


def away() -> pa.RecordBatch:
    raise Problem(503, "The store does not answer", "Try again.")


@pytest.fixture(scope="module")
def api() -> TestClient:
    app = FastAPI()
    app.add_exception_handler(WatchkeeperError, on_problem)

    @app.get("/things", response_model=Things, responses={**RESPONSES})
    def things(form: Wanted) -> Things | StreamingResponse:
        answer = Things(start=NOON, rows=THINGS)
        table = table_of(Thing, THINGS, {"group": ["model"]})
        return answer if form is Form.JSON else respond(answer, table, form)

    @app.get("/broken")
    def broken() -> StreamingResponse:
        return stream(pa.schema([("a", pa.int64())]), (away() for _ in range(1)), Form.CSV, {})

    @app.get("/nothing")
    def nothing(form: Wanted) -> StreamingResponse:
        return stream(pa.schema([("a", pa.int64())]), [], form, {})

    return TestClient(app, raise_server_exceptions=False)


def test_csv_is_what_a_spreadsheet_may_open(api: TestClient) -> None:
    answer = api.get("/things", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, first, second = csv.reader(io.StringIO(answer.text))
    assert header == NAMES
    assert first == ["a", "2026-05-28T12:00:00Z", "3", "", "0.5", "0.000000001", "", "[]"]
    assert second == ["'=1+1", "", "-4", "", "", "", "false", '["x","y"]']


@pytest.mark.parametrize("form", [Form.ARROW, Form.PARQUET])
def test_arrow_and_parquet_keep_kinds_and_what_the_answer_says_besides(api: TestClient, form: Form) -> None:
    answer = api.get("/things", params={"format": form})
    source = pa.BufferReader(answer.content)
    table = pa.ipc.open_stream(source).read_all() if form is Form.ARROW else parquet.read_table(source)
    assert table.schema.names == NAMES
    assert table["cost_usd"].to_pylist() == [Decimal("0.000000001"), None]
    assert (table["at"][0].as_py(), table["rate_high"].to_pylist()) == (NOON, [0.5, None])
    assert table["model"].to_pylist() == ["a", "=1+1"]
    about = {"start": "2026-05-28T12:00:00Z", "next_cursor": None}
    assert json.loads(table.schema.metadata[b"watchkeeper"]) == json.loads(answer.headers["watchkeeper-answer"])
    assert json.loads(answer.headers["watchkeeper-answer"]) == about


def test_a_table_without_rows_still_has_its_columns(api: TestClient) -> None:
    assert api.get("/nothing", params={"format": "csv"}).text == '"a"\r\n'
    stored = api.get("/nothing", params={"format": "parquet"}).content
    assert parquet.read_table(pa.BufferReader(stored)).schema.names == ["a"]


def test_what_goes_wrong_with_the_first_batch_is_a_problem(api: TestClient) -> None:
    problem(api.get("/broken"), 503)


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Form.JSON),
        ("*/*", Form.JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Form.JSON),
        ("text/csv", Form.CSV),
        ("TEXT/CSV; charset=utf-8", Form.CSV),
        ("application/json;q=0.5, text/csv", Form.CSV),
        ("application/json;q=0, */*", Form.CSV),
        ("application/*", Form.JSON),
        ("application/vnd.apache.parquet, */*;q=0.1", Form.PARQUET),
        ("text/html", None),
        ("application/json;q=0", None),
        ("text/csv;q=much", Form.CSV),
    ],
)
def test_the_accept_header_decides(accept: str, form: Form | None) -> None:
    assert accepted(accept) is form


def test_a_form_nobody_writes_is_refused_with_those_that_are(api: TestClient) -> None:
    document = problem(api.get("/things", headers={"Accept": "text/html"}), 406)
    assert all(media in document["detail"] for media in MEDIA_TYPES.values())
    assert api.get("/things", params={"format": "csv"}, headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.property
@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=1, max_size=5))
def test_no_text_becomes_a_formula_and_every_text_reads_back(texts: list[str]) -> None:
    response = plain(pa.table({"text": pa.array(texts)}))["text"].to_pylist()
    assert not any(text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for text in response)
    assert [text if text in texts else text.removeprefix("'") for text in response] == texts


def test_bytes_maps_and_numbers_that_are_none_are_readable() -> None:
    attributes = pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string()))
    shown = plain(
        pa.table(
            {
                "id": pa.array([b"\xff\x00"], pa.binary(2)),
                "attributes": attributes,
                "rate": [float("nan")],
                "word": pa.array(["@x"]).dictionary_encode(),
                "zero": pa.array([Decimal(0)], pa.decimal128(38, 9)),
            }
        )
    )
    assert shown.to_pylist() == [
        {"id": "ff00", "attributes": '{"a":"b"}', "rate": None, "word": "'@x", "zero": "0.000000000"}
    ]
