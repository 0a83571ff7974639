from collections import Counter

from benchmarks.load import spans_request
from benchmarks.mutations import MUTATIONS, is_refused, mutated

BODIES = [spans_request(2, 1, 1_780_000_000_000_000_000, first=2 * number) for number in range(200)]


def test_the_same_seed_gives_the_same_messages_and_another_seed_others() -> None:
    first = list(mutated(iter(BODIES), 1))
    assert first == list(mutated(iter(BODIES), 1))
    assert first != list(mutated(iter(BODIES), 2))


def test_sound_messages_are_not_refused_and_most_of_each_kind_of_mutation_are() -> None:
    assert not any(map(is_refused, BODIES))
    refused = Counter(
        number % len(MUTATIONS) for number, body in enumerate(mutated(iter(BODIES), 1)) if is_refused(body)
    )
    assert all(refused[kind] > len(BODIES) / len(MUTATIONS) / 2 for kind in range(len(MUTATIONS)))
