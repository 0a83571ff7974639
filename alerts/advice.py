"""What to do, by what happened and what else changed."""

from alerts.event import Event

_WHERE_TO = "`watchkeeper advise` names models that have proven themselves there"
_BY_KIND = {
    "outage": f"Look at the provider's status page; move its routes: {_WHERE_TO}.",
    "traffic_stop": "Look at the application, its deployment and what carries its calls.",
    "usage_missing": "Look at the instrumentation: answers come without token counts, so their cost is not known.",
    "mix_shift": "Nothing is wrong with the model: other calls are made. Accept it if it is meant to be so.",
    "served_model_change": "Compare answers before and after; ask for a dated model name to keep one model.",
    "cost_spike": "See what drives it: `watchkeeper costs drivers`.",
    "budget": "See what drives it: `watchkeeper costs drivers`; limit or move what is dearest.",
    "comparison": "Read the comparison before more traffic is moved.",
    "migration": "Hold the migration, or roll it back, as the reason says.",
    "deprecation": "Plan the move to a model that stays.",
    "unpriced": "Add its price to your price file (docs/pricing.md), then run `watchkeeper reprice`.",
    "pipeline": "Until it is mended, nothing else can be noticed: `watchkeeper doctor` says what is wrong.",
}
_BY_METRIC = {
    "rate_limit": "Ask for a higher limit, spread the load, or move a part of it to another provider.",
    "refusal": "Look at recent changes of prompts; try the model's dated name, or another model.",
    "truncation": "Raise the output limit, or ask for shorter answers.",
    "format_failure": "Use the provider's structured output, or go back to the model or prompt before.",
    "cache_miss": "Keep the begin of prompts the same: something in it changes now.",
    "cost": "See what drives it: `watchkeeper costs drivers`.",
    "input_tokens": "Prompts changed in length: look at what the application sends.",
    "output_tokens": "Answers changed in length: look at the prompt and at the model that answers.",
}
_OTHERWISE = (
    f"If it hurts, move its routes: {_WHERE_TO}. If it is slight, wait; if it is wanted, "
    "`watchkeeper regressions accept` makes it what is usual."
)


def advice(event: Event) -> str:
    """One or two sentences."""
    suspect = next((mark for mark in event.marks if mark.what in _SUSPECTS), None)
    if suspect is not None and event.kind == "regression":
        return _SUSPECTS[suspect.what].format(before=suspect.before or "the one before", after=suspect.after)
    return _BY_KIND.get(event.kind) or _BY_METRIC.get(event.metric, _OTHERWISE)


_SUSPECTS = {
    "served model": "The model that answers is the first suspect: ask for {before} by its dated name, if it is there.",
    "prompt version": "Prompt version {after} is the first suspect: go back to {before}, and compare.",
    "service version": "Release {after} is the first suspect: go back to {before}, and compare.",
    "rate limits (429)": _BY_METRIC["rate_limit"],
}
