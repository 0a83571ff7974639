"""Which models are worth a look on a route. Not by taste: what is in use, the same model elsewhere, what a provider
names as the successor, and of the catalogue the cheapest few that are about as large and no older.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from api.advising.constraints import objections
from api.advising.facts import Model, Option
from api.requirements.inferring import Needs
from api.requirements.self_hosting import UNCERTAIN
from watchkeeper.catalog.catalog import Catalog, Known
from watchkeeper.catalog.facts import ModelFacts, Size
from watchkeeper.catalog.selection import Selection
from watchkeeper.model_names import same_model
from watchkeeper.price_names import list_provider
from watchkeeper.storage.route_profile import RouteArm

MOST_IN_USE = 12
"""Models of other routes that are looked at, those with most calls."""
CHEAPEST = 3
"""Models of the catalogue of each size that are looked at."""
SIZES = (Size.SMALL, Size.MEDIUM, Size.LARGE)
"""From the smallest."""


@dataclass(frozen=True, slots=True)
class Question:
    """Of which route, with what model, and what else is known."""

    current: RouteArm
    needs: Needs
    now: datetime
    notice_days: int


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Models to look at, and how many others of the catalogue were left out for which reason."""

    models: tuple[Model, ...]
    left_out: Mapping[str, int]


def shortlist(question: Question, arms: Sequence[RouteArm], catalog: Catalog) -> Shortlist:
    """``arms`` are those of all routes."""
    current = question.current
    used = [*_on_route(current, arms), *_on_other_routes(current, arms)]
    pool = _Pool.of(question, arms, catalog)
    elsewhere = [model for model in pool.same_model() if model not in used]
    successor = [
        Model(current.provider, name) for name in pool.successor() if Model(current.provider, name) not in used
    ]
    seen = {(list_provider(one.provider), one.model) for one in (*used, *elsewhere, *successor)}
    cheapest, left_out = pool.cheapest(seen)
    return Shortlist(tuple(dict.fromkeys((*used, *elsewhere, *successor, *cheapest))), left_out)


def is_same_model(current: Model, other: Model) -> bool:
    """Does another provider serve the model of ``current``?

    A name that only says which client made the call may hide the very same provider.
    """
    places = {list_provider(current.provider), list_provider(other.provider)}
    return len(places) == 2 and not places & UNCERTAIN and same_model(current.model, other.model)


def _on_route(current: RouteArm, arms: Iterable[RouteArm]) -> list[Model]:
    return [_model(arm) for arm in arms if arm.route == current.route and _model(arm) != _model(current)]


def _on_other_routes(current: RouteArm, arms: Iterable[RouteArm]) -> list[Model]:
    calls: Counter[Model] = Counter()
    for arm in arms:
        if arm.route != current.route and _model(arm) != _model(current):
            calls[_model(arm)] += arm.calls
    return sorted(calls, key=lambda model: (-calls[model], model))[:MOST_IN_USE]


def _model(arm: RouteArm) -> Model:
    return Model(arm.provider, arm.request_model)


@dataclass(frozen=True, slots=True)
class _Pool:
    """The catalogue at providers whom calls go to already, or may go to as somebody stated."""

    question: Question
    catalog: Catalog
    spelled: Mapping[str, str]
    """Provider as lists name it → as calls do."""
    known: Known | None

    @classmethod
    def of(cls, question: Question, arms: Iterable[RouteArm], catalog: Catalog) -> "_Pool":
        stated = question.needs.stated.providers or ()
        spelled = {list_provider(name): name for name in (*stated, *(arm.provider for arm in arms)) if name}
        facts = catalog.resolve(question.current.provider, question.current.request_model)
        return cls(question, catalog, spelled, catalog.describe(facts) if facts else None)

    def same_model(self) -> Iterator[Model]:
        """The model of now at the other providers."""
        for provider, spelled in self.spelled.items():
            if provider != list_provider(self.question.current.provider):
                facts = self.catalog.resolve(provider, self.question.current.request_model)
                if facts is not None and facts.provider == provider:
                    yield Model(spelled, facts.model)

    def successor(self) -> Iterator[str]:
        """What the provider names in its place."""
        if self.known is not None and self.known.facts.replacement:
            yield self.known.facts.replacement

    def cheapest(self, seen: Collection[tuple[str, str]]) -> tuple[list[Model], Mapping[str, int]]:
        """The cheapest of each size that nothing speaks against, without those ``seen`` already."""
        left_out: Counter[str] = Counter()
        by_size: defaultdict[Size, list[tuple[Decimal, Model]]] = defaultdict(list)
        for known in self._alike():
            model = Model(self.spelled[known.facts.provider], known.facts.model)
            if (known.facts.provider, known.facts.model) in seen:
                continue
            against = objections(Option(model, known.facts), self._needs, self.question.now, self.question.notice_days)
            cost = self._estimate(known)
            if against:
                left_out[against[0].constraint] += 1
            elif _is_free(known):
                left_out["free"] += 1
            elif cost is None or known.size is None:
                left_out["price"] += 1
            else:
                by_size[known.size].append((cost, model))
        chosen = [model for size in SIZES for _, model in sorted(by_size[size])[:CHEAPEST]]
        dearer = sum(map(len, by_size.values())) - len(chosen)
        return chosen, {**left_out, **({"dearer": dearer} if dearer else {})}

    @property
    def _needs(self) -> Needs:
        # What it would cost is estimated here and limited later, when it is known.
        free = {"max_usd_per_call": None, "max_usd_per_month": None}
        return replace(self.question.needs, stated=self.question.needs.stated.model_copy(update=free))

    def _alike(self) -> Iterator[Known]:
        """As large, or one size less; no older; not the model itself; not deprecated."""
        if self.known is None or self.known.size is None:
            return
        place = SIZES.index(self.known.size)
        sizes = SIZES[max(0, place - 1) : place + 1]
        chosen = Selection(provider=tuple(self.spelled), output_modality=("text",), deprecated=False, size=sizes)
        for known in self.catalog.search(chosen):
            if known.facts.key != self.known.facts.key and _is_no_older(known.facts, self.known.facts):
                yield known

    def _estimate(self, known: Known) -> Decimal | None:
        arm = self.question.current
        if known.price is None or not known.price_is_listed:
            return None
        return known.price.input * arm.input_tokens + known.price.output * arm.output_tokens


def _is_free(known: Known) -> bool:
    """Free tiers end after a few calls a minute, and often pay with what prompts say: no place to move a route to."""
    return known.price is not None and not (known.price.input or known.price.output)


def _is_no_older(one: ModelFacts, other: ModelFacts) -> bool:
    return bool(one.released) and one.released >= (other.released or one.released)
