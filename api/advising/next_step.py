"""The next step, as a command and as the request that does the same."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from api.advising.advice import NextStep, Reason, StepKind
from api.advising.considered import Considered
from api.advising.facts import Away, Model, Moving, RouteFacts
from api.advising.remarks import PROBE_PERCENT
from api.advising.trial import Trial

_WHOLE = 100


@dataclass(frozen=True, slots=True)
class _Weights:
    """Of a route, to be set."""

    targets: Mapping[Model, int]
    fallbacks: Sequence[Model]
    reason: str
    shadow: Mapping[Model, int] = field(default_factory=dict)

    def step(self, route: str, kind: StepKind, text: str) -> NextStep:
        """Setting them."""
        weighted = {"--to": self.targets, "--shadow": self.shadow}
        words = [w for option, of in weighted.items() for one, n in of.items() for w in (option, f"{one}={n}")]
        words += [word for one in self.fallbacks for word in ("--fallback", str(one))]
        body = {
            "targets": [{**_named(one), "weight": weight} for one, weight in self.targets.items()],
            "shadow": [{**_named(one), "weight": weight} for one, weight in self.shadow.items()],
            "fallbacks": [_named(one) for one in self.fallbacks],
            "reason": self.reason,
        }
        command = _command("routes", "set", route, *words, "--reason", self.reason)
        return NextStep(kind, text, command, _request("PUT", f"/v1/routes/{quote(route)}", body))


def stay_step() -> NextStep:
    """Nothing to do."""
    return NextStep(StepKind.NONE, "Nothing to do. Ask again when traffic, prices or requirements change.")


def wait_step(until: str) -> NextStep:
    """Nothing to do yet."""
    return NextStep(StepKind.NONE, f"Nothing to do now. {until}")


def follow_step(moving: Moving) -> NextStep:
    """See how the migration gets on; it goes on or back by itself."""
    text = "Follow the migration: it goes on, or back, by itself. Ask again when it has ended."
    return NextStep(StepKind.FOLLOW, text, _command("migrations", "show", moving.id), f"GET /v1/migrations/{moving.id}")


def re_route_step(facts: RouteFacts, target: Considered, reason: str) -> NextStep:
    """All calls to ``target`` at once; the model of now stays as the fallback."""
    model = target.option.model
    fallbacks = [facts.current.model] if facts.current else []
    weights = _Weights({model: _WHOLE}, fallbacks, reason)
    return weights.step(facts.route, StepKind.RE_ROUTE, f"Send all calls of the route to {model} now.")


def probe_step(facts: RouteFacts, left: Away) -> NextStep:
    """A small share back to where calls were re-routed from; where they go now catches what fails there."""
    targets = _targets_of_now(facts)
    largest = max(targets, key=lambda one: targets[one])
    targets |= {largest: targets[largest] - PROBE_PERCENT, left.origin: PROBE_PERCENT}
    text = f"Send {PROBE_PERCENT} % of the calls to {left.origin}: without calls nobody sees that it is well again."
    weights = _Weights(targets, [largest], "a share to see whether it is well again")
    return weights.step(facts.route, StepKind.PROBE, text)


def migrate_step(facts: RouteFacts, target: Considered, reason: Reason) -> NextStep:
    """Begin a migration to ``target``."""
    text = f"Begin a migration to {target.option.model}; each phase is watched and rolls back by itself."
    return _migration(facts, target, NextStep(StepKind.MIGRATE, text), reason)


def plan_step(facts: RouteFacts, target: Considered, trial: Trial, reason: Reason) -> NextStep:
    """Begin a migration for the sake of its evaluation and shadow phases: there is no staying."""
    text = f"Begin a migration to {trial.candidate}: it leaves evaluation and shadow with {_calls(trial)} only."
    return _migration(facts, target, NextStep(StepKind.TEST, text), reason)


def test_step(facts: RouteFacts, target: Considered, trial: Trial) -> NextStep:
    """Copy a share of the calls to ``target``; what is answered with stays as it is."""
    model, share = target.option.model, round(trial.shadow_share * _WHOLE)
    present = facts.weights
    fallbacks = [Model(one.provider, one.model) for one in present.fallbacks] if present else []
    shadow = {Model(one.provider, one.model): one.weight for one in present.shadow} if present else {}
    weights = _Weights(_targets_of_now(facts), fallbacks, "shadow test on advice", {**shadow, model: share})
    text = f"Copy {share} % of the calls to {model}, whose answers are not used"
    return weights.step(facts.route, StepKind.TEST, f"{text}, until there are {_calls(trial)}; then ask again.")


def state_step(facts: RouteFacts, what: str) -> NextStep:
    """State requirements, or a fact in the catalogue file."""
    return NextStep(
        StepKind.STATE,
        what,
        _command("routes", "requirements", "show", facts.route),
        f"GET /v1/routes/{quote(facts.route)}/requirements",
    )


def _migration(facts: RouteFacts, target: Considered, step: NextStep, why: Reason) -> NextStep:
    model, reason = target.option.model, f"on advice: {why.replace('_', ' ')}"
    command = ["migrations", "start", facts.route, "--to", str(model)]
    body: dict[str, object] = {"route": facts.route, "candidate": _named(model), "reason": reason}
    if facts.current is not None:
        body["baseline"] = _named(facts.current.model)
        command += ["--from", str(facts.current.model)]
    request = _request("POST", "/v1/migrations", body)
    return replace(step, command=_command(*command, "--reason", reason), request=request)


def _targets_of_now(facts: RouteFacts) -> dict[Model, int]:
    """Whole percents that add up: the weights; without any the model of now has what the others leave."""
    if facts.weights is not None:
        return {Model(one.provider, one.model): one.weight for one in facts.weights.targets}
    if facts.current is None:
        return {}
    others = {model: max(1, round(share * _WHOLE)) for model, share in facts.shares.items()}
    return {facts.current.model: _WHOLE - sum(others.values()), **others}


def _calls(trial: Trial) -> str:
    return "enough calls of it to tell" if trial.calls is None else f"{trial.calls:,} calls of it"


def _named(model: Model) -> dict[str, str]:
    return {"provider": model.provider, "model": model.model}


def _command(*words: object) -> str:
    return shlex.join(["watchkeeper", *map(str, words)])


def _request(method: str, path: str, body: object) -> str:
    return f"{method} {path} {json.dumps(body)}"
