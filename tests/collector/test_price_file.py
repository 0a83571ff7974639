"""The user's own price file."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from collector.price_book import PriceBook
from collector.price_file import PriceFile
from collector.price_list import LIST_VERSION
from watchkeeper.errors import ConfigError
from watchkeeper.price_quote import UNKNOWN, PriceKey, Quote

DOCS = Path(__file__).parents[2] / "docs" / "pricing.md"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FILE = Path("prices.yaml")


def parsed(*prices: dict[str, Any], **rest: Any) -> PriceFile:
    return PriceFile.parse({"version": "v1", "prices": list(prices), **rest}, FILE)


def quoted(file: PriceFile, provider: str, model: str, tier: str = "", at: datetime = NOW) -> Quote | None:
    return file.quote(PriceKey(provider, model, "", tier), at)


def refused(raw: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        PriceFile.parse(raw, FILE)
    return str(caught.value)


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> PriceFile:
    example = re.search(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    path = tmp_path_factory.mktemp("prices") / "prices.yaml"
    path.write_text(example[1], encoding="utf-8")
    return PriceFile.load(path)


def test_the_documented_example_prices_what_it_says(documented: PriceFile) -> None:
    chat = quoted(documented, "azure.ai.openai", "Prod-Chat")
    assert chat is not None and chat.version == "acme-2026-11"
    assert chat.brackets[0][:4] == (2_500_000, 1_250_000, 2_500_000, 10_000_000)
    assert quoted(documented, "openai", "prod-chat") is None
    assert quoted(documented, "vllm", "llama-3.3-70b") is not None
    assert quoted(documented, "vllm", "llama-3.3-70b", at=datetime(2026, 6, 30, 23, tzinfo=UTC)) is None
    assert quoted(documented, "vllm", "llama-3.3-70b", at=datetime(2027, 1, 1, tzinfo=UTC)) is None


def test_steps_inherit_and_change_all_tokens(documented: PriceFile) -> None:
    large = quoted(documented, "any", "acme-large")
    assert large is not None
    below, above = large.at(200_000), large.at(200_001)
    assert (below.input, above.input, above.output) == (3_000_000, 6_000_000, 22_500_000)
    assert above.cache_read == below.cache_read == 300_000
    assert above.request == below.request == 1_000_000


def test_a_tier_has_its_own_price_and_other_tiers_have_none(documented: PriceFile) -> None:
    batch = quoted(documented, "any", "acme-large", "batch")
    assert batch is not None and batch.brackets[0].input == 1_500_000
    assert quoted(documented, "any", "acme-large", "flex") is None
    every = parsed({"model": "m", "tier": "*", "input": 1})
    assert quoted(every, "any", "m", "flex") is not None


def test_the_last_fitting_discount_applies_to_listed_prices_only(documented: PriceFile) -> None:
    book = PriceBook.load()
    own = PriceBook(book._prices, documented)
    full, less = (b.quote(PriceKey("openai", "gpt-4.1", ""), NOW) for b in (book, own))
    assert full is not None and less is not None
    assert less.brackets[0].input == full.brackets[0].input * 0.85
    assert less.version == f"acme-2026-11+{LIST_VERSION}" == own.version
    fourth = own.quote(PriceKey("openai", "gpt-4o", ""), NOW)
    assert fourth is not None and fourth.brackets[0].input == 2_000_000
    final = own.quote(PriceKey("azure.ai.openai", "prod-chat", "gpt-4o-2024-11-20"), NOW)
    assert final is not None and final.brackets[0].input == 2_500_000


def test_later_entries_win() -> None:
    file = parsed({"model": "m*", "input": 1}, {"model": "mm", "input": 2})
    for model, price in (("mm", 2_000_000), ("mx", 1_000_000)):
        quote = quoted(file, "p", model)
        assert quote is not None and quote.brackets[0].input == price


def test_output_left_out_is_unknown_and_not_zero() -> None:
    quote = quoted(parsed({"model": "m", "input": 0.1}), "p", "m")
    assert quote is not None
    assert (quote.brackets[0].input, quote.brackets[0].output) == (100_000, UNKNOWN)


@pytest.mark.parametrize(
    ("price", "place", "mend"),
    [
        ({"model": "m"}, "prices[0].input", "required"),
        ({"model": "m", "input": -1}, "prices[0].input", "greater than or equal to 0"),
        ({"model": "m", "input": 5_000}, "prices[0].input", "less than or equal to 2000"),
        ({"model": "m", "input": "cheap"}, "prices[0].input", "decimal"),
        ({"model": [], "input": 1}, "prices[0].model", "at least 1"),
        ({"model": "m", "input": 1, "ouput": 2}, "prices[0].ouput", "not permitted"),
        ({"model": "m", "input": 1, "from": "2026-13-01"}, "prices[0].from", "date"),
        ({"model": "m", "input": 1, "from": "2026-02-01", "until": "2026-01-01"}, "prices[0]", "`until`"),
        ({"model": "m", "input": 1, "above": [{"input_tokens": 9}] * 2}, "prices[0].above", "grow"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place_and_mend(price: dict[str, Any], place: str, mend: str) -> None:
    message = refused({"version": "v", "prices": [price]})
    assert "prices.yaml" in message and f"{place}: " in message and mend in message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ([], "mapping"),
        ({"prices": []}, "version"),
        ({"version": 2026}, "version"),
        ({"version": "v", "currency": "eur"}, "currency"),
    ],
)
def test_a_wrong_file_is_refused(raw: Any, words: str) -> None:
    assert words in refused(raw)


def test_many_errors_are_cut_short() -> None:
    message = refused({"version": "v", "prices": [{"model": "m"}] * 50})
    assert "and 40 more" in message


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml cannot be read: No such file"):
        PriceFile.load(tmp_path / "missing.yaml")
    for text in (b"a: [", b"\xff\xfe\x00", b"!!python/object:os.system {}"):
        path = tmp_path / "broken.yaml"
        path.write_bytes(text)
        with pytest.raises(ConfigError, match=r"broken\.yaml"):
            PriceFile.load(path)


def test_the_documented_example_has_no_tabs_or_aliases() -> None:
    example = re.search(r"```yaml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    assert list(yaml.safe_load(example[1])) == ["version", "currency", "prices", "discounts"]
