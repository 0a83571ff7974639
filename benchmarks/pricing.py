"""CPU per call of pricing a batch, warm and cold: ``python -m benchmarks.pricing [--rows 20000] [--minutes 10]``."""

import argparse
import time
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from collector.price_book import PriceBook
from collector.pricing import PriceInput, price

_MODELS = (
    ("openai", "gpt-4o", "gpt-4o-2024-08-06"),
    ("openai", "gpt-4.1-mini", "gpt-4.1-mini-2025-04-14"),
    ("openai", "text-embedding-3-small", "text-embedding-3-small"),
    ("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
    ("aws.bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", ""),
    ("gcp.gemini", "models/gemini-2.5-pro", "gemini-2.5-pro"),
    ("azure.ai.openai", "prod-chat", "gpt-4o-2024-11-20"),
    ("deepseek", "deepseek-chat", "deepseek-chat"),
    ("mistral_ai", "mistral-large-latest", "mistral-large-latest"),
    ("ollama", "llama3.3", "llama3.3"),
)


def batch(rows: int, minutes: int, seed: int = 1) -> PriceInput:
    """A mixed batch of ``minutes``: tiers, caches, missing usage, reported costs, gateway cache hits."""
    random = np.random.default_rng(seed)
    which = random.integers(0, len(_MODELS), rows)
    provider, request_model, model = (_words(which, [names[i] for names in _MODELS]) for i in range(3))
    tiers = random.choice([0, 1, 2], rows, p=[0.9, 0.05, 0.05])
    total = random.integers(0, 250_000, rows)
    read = random.integers(0, total + 1) * (random.random(rows) < 0.3)
    missing = random.random(rows) < 0.05
    start = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1e6)

    def tokens(values: npt.NDArray[np.int64]) -> pa.Array:
        return pa.array(values.astype(np.uint32), mask=missing)

    zero = np.zeros(rows, np.int64)
    return PriceInput(
        provider=provider,
        request_model=request_model,
        model=model,
        service_tier=_words(tiers, ["", "default", "batch"]),
        ts=start + random.integers(0, minutes * 60_000_000, rows),
        input_tokens=tokens(total),
        output_tokens=tokens(random.integers(0, 4_000, rows)),
        cache_read_tokens=tokens(read),
        cache_write_tokens=tokens(zero),
        reasoning_tokens=tokens(zero),
        cost_reported=np.where(random.random(rows) < 0.1, 0.01, np.nan),
        gateway_cache_hit=random.random(rows) < 0.02,
    )


def _words(codes: npt.NDArray[np.int64], words: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(words))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--minutes", type=int, default=10, help="how much time the batch covers")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    book, columns = PriceBook.load(), batch(options.rows, options.minutes)
    begin = time.process_time()
    price(columns, book)
    cold = time.process_time() - begin
    times = []
    for _ in range(options.rounds):
        begin = time.process_time()
        price(columns, book)
        times.append(time.process_time() - begin)
    print(f"{options.rows} calls: first batch {cold * 1e3:.1f} ms, then")
    for name, seconds in (("best", min(times)), ("median", sorted(times)[len(times) // 2])):
        print(f"  {name:<6} {seconds * 1e3:7.2f} ms a batch {seconds / options.rows * 1e6:7.3f} µs a call")


if __name__ == "__main__":
    main()
