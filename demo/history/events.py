"""What is planted in the history: when, in which calls, and how it changes them."""

from dataclasses import dataclass, field

from demo.history.workloads import GEMINI, GPT_4O, Workload


@dataclass(frozen=True, slots=True)
class Scope:
    """The calls concerned; empty: all."""

    provider: str = ""
    model: str = ""
    service: str = ""
    route: str = ""

    def has(self, workload: Workload) -> bool:
        """Are the calls of ``workload`` concerned?"""
        model = workload.model
        pairs = (
            (self.provider, model.provider),
            (self.model, model.asked),
            (self.service, workload.service),
            (self.route, workload.route),
        )
        return all(not wanted or wanted == is_ for wanted, is_ in pairs)


@dataclass(frozen=True, slots=True)
class Change:
    """What is different while an event lasts; each default means no difference."""

    served: str = ""
    slower: float = 1.0
    refused: float = 0.0
    """Probability of a refusal, instead of the usual one. The following likewise."""
    broken: float = 0.0
    failing: float = 0.0
    busier: float = 1.0
    cache_lost: bool = False
    version: str = ""
    prompt_version: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to the calls of ``scope`` in ``[begin, end)``, hours from the start of the history."""

    name: str
    scope: Scope
    begin: float
    end: float
    change: Change = field(default_factory=Change)


def at(day: int, clock: str) -> float:
    """Hours from the start to a time of day, ``hh:mm``, of a day; the first is day 0."""
    hours, minutes = clock.split(":")
    return day * 24 + int(hours) + int(minutes) / 60


NEVER = float("inf")
OUTAGE = Event("provider outage", Scope(provider="gcp.gemini"), at(6, "14:20"), at(6, "15:10"), Change(failing=0.97))
REFUSALS = Event(
    "refusal jump",
    Scope(service="community", model="claude-sonnet-4-5"),
    at(7, "09:10"),
    at(8, "05:00"),
    Change(refused=0.13),
)
FORMAT = Event(
    "format drop after a prompt version",
    Scope(service="shop"),
    at(8, "13:20"),
    at(9, "15:20"),
    Change(broken=0.14, prompt_version="v8"),
)
# Orders need larger prompts and longer answers than tickets: the model's calls get slower and dearer, and no call does.
MIX = Event("mix shift", Scope(model=GEMINI.asked, route="extract-order"), at(9, "18:00"), NEVER, Change(busier=4.0))
ALIAS = Event(
    "alias re-pointed",
    Scope(model=GPT_4O.asked),
    at(12, "10:40"),
    NEVER,
    Change(served="gpt-4o-2024-11-20", slower=1.45),
)
CACHE = Event(
    "lost caching",
    Scope(service="contracts"),
    at(13, "10:05"),
    at(13, "17:00"),
    Change(cache_lost=True, version="1.13.0"),
)

EVENTS = (OUTAGE, REFUSALS, FORMAT, MIX, ALIAS, CACHE)
