"""The weights of a route, and the model that one call gets.

With a key the choice is weighted rendezvous hashing (Schindelhauer and Schomaker, 2005): each target draws a number
from the hash of key, route and target, and the largest ``-weight / ln(number)`` wins. A target whose weight grows only
wins keys and one whose weight shrinks only loses them, in every process alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from itertools import accumulate
from math import log
from typing import Any

from watchkeeper_sdk import semconv
from watchkeeper_sdk.call_context import MAX_LENGTH, CallContext
from watchkeeper_sdk.configuration import VARIANTS
from watchkeeper_sdk.records import Value

Random = Callable[[], float]
"""Gives numbers in [0, 1)."""

_MOST_TARGETS = 50
_NUMBERS = 2.0**64


class Pick(CallContext):
    """The model that a call on a route is to use. As a block it marks the calls inside with the route and the variant.

    It keeps nothing of its use: hold it, enter it again, share it between threads.
    """

    __slots__ = ("fallbacks", "model", "provider", "route", "shadow", "variant")

    def __init__(self, route: str, provider: str, model: str, variant: str, marks: Mapping[str, Value]) -> None:
        super().__init__({semconv.ROUTE: route[:MAX_LENGTH], **marks})
        self.route = route
        self.provider = provider
        """As OpenTelemetry names it, e.g. ``aws.bedrock``; empty where it is not said."""
        self.model = model
        self.variant = variant
        """``primary``, ``canary`` or ``shadow``."""
        self.fallbacks: tuple[Pick, ...] = ()
        """To be tried in this order where the call fails."""
        self.shadow: tuple[Pick, ...] = ()
        """To be called as well, their answers thrown away."""

    def __enter__(self) -> Pick:
        super().__enter__()
        return self

    async def __aenter__(self) -> Pick:
        return self.__enter__()

    def __repr__(self) -> str:
        return f"Pick(route={self.route!r}, provider={self.provider!r}, model={self.model!r}, variant={self.variant!r})"


class Weighted:
    """One version of a route's weights; never changes, so that any number of threads may pick."""

    __slots__ = ("_bounds", "_combined", "_hashes", "_picks", "_shadows", "_weights")

    def __init__(self, route: str, row: Mapping[str, Any]) -> None:
        """``row`` as ``GET /v1/routes`` has it. Raises whatever there is to raise where it is none."""
        targets = [target for target in _listed(row, "targets") if int(target["weight"]) > 0]
        self._weights = [int(target["weight"]) for target in targets]
        self._bounds = [bound / sum(self._weights) for bound in accumulate(self._weights)]
        self._hashes = [_hash_of(route, target) for target in targets]
        self._shadows = [
            (int(target["weight"]) / 100, _pick(route, target, {semconv.VARIANT: "shadow"}))
            for target in _listed(row, "shadow")
        ]
        self._picks = [_arm(route, target, _listed(row, "fallbacks")) for target in targets]
        self._combined: dict[tuple[int, int], Pick] = {}
        if not self._picks:
            raise ValueError("no target has a weight")

    def pick(self, key: object, random: Random) -> Pick:
        """The target of one call; the same one for the same ``key``, any for None."""
        place = 0
        if len(self._picks) > 1:
            place = self._by_weight(random()) if key is None else self._by_key(key)
        return self._with_shadow(place, random) if self._shadows else self._picks[place]

    def _by_weight(self, number: float) -> int:
        for place, bound in enumerate(self._bounds):
            if number < bound:
                return place
        return len(self._bounds) - 1

    def _by_key(self, key: object) -> int:
        word = key if isinstance(key, bytes) else str(key).encode(errors="surrogatepass")
        best, best_score = 0, -1.0
        for place, (seeded, weight) in enumerate(zip(self._hashes, self._weights, strict=True)):
            hashed = seeded.copy()
            hashed.update(word)
            drawn = (int.from_bytes(hashed.digest(), "big") + 0.5) / _NUMBERS
            score = -weight / log(drawn) if drawn < 1.0 else float("inf")
            if score > best_score:
                best, best_score = place, score
        return best

    def _with_shadow(self, place: int, random: Random) -> Pick:
        chosen = sum(1 << number for number, (share, _) in enumerate(self._shadows) if random() < share)
        if not chosen:
            return self._picks[place]
        combined = self._combined.get((place, chosen))
        if combined is None:
            shadow = tuple(pick for number, (_, pick) in enumerate(self._shadows) if chosen >> number & 1)
            combined = self._combined[place, chosen] = _shadowed(self._picks[place], shadow)
        return combined


def read_routes(rows: object) -> dict[str, Weighted]:
    """The routes of ``GET /v1/routes`` by name; those that cannot be read are left out."""
    found: dict[str, Weighted] = {}
    for row in rows if isinstance(rows, list) else ():
        try:
            route = str(row["route"])
            found[route] = Weighted(route, row)
        except Exception:  # noqa: BLE001  of a newer API, or no API at all: the others still count
            continue
    return found


def _listed(row: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    targets = row.get(name) or ()
    return [target for target in targets if target["model"]][:_MOST_TARGETS]


def _hash_of(route: str, target: Mapping[str, Any]) -> Any:
    hashed = blake2b(digest_size=8)
    for word in (route, str(target["provider"]), str(target["model"])):
        encoded = word.encode(errors="surrogatepass")
        hashed.update(len(encoded).to_bytes(4, "big") + encoded)
    return hashed


def _arm(route: str, target: Mapping[str, Any], fallbacks: Sequence[Mapping[str, Any]]) -> Pick:
    pick = _pick(route, target, {})
    others = [one for one in fallbacks if (one["provider"], one["model"]) != (target["provider"], target["model"])]
    pick.fallbacks = tuple(
        _pick(route, one, {semconv.FALLBACK_FROM: pick.model[:MAX_LENGTH], semconv.ATTEMPT: number})
        for number, one in enumerate(others, 2)
    )
    return pick


def _pick(route: str, target: Mapping[str, Any], marks: Mapping[str, Value]) -> Pick:
    named = target.get("variant")
    variant = str(marks.get(semconv.VARIANT) or (named if named in VARIANTS else "primary"))
    return Pick(route, str(target["provider"]), str(target["model"]), variant, {semconv.VARIANT: variant, **marks})


def _shadowed(pick: Pick, shadow: tuple[Pick, ...]) -> Pick:
    made = Pick(pick.route, pick.provider, pick.model, pick.variant, {semconv.VARIANT: pick.variant})
    made.fallbacks, made.shadow = pick.fallbacks, shadow
    return made
