"""Calls of a real client in every scenario and manner, watched by the SDK: ``python -m tests.sdk.real_calls API``.

Prints, as JSON lines, what the stand-in for the provider saw of each call. The SDK is set up by the environment alone,
as an application would; ``--phrases`` has worded refusals looked for, ``--everything`` makes every combination.
"""

import dataclasses
import json
import sys
from contextlib import suppress

import watchkeeper_sdk
from tests.sdk.provider import Api, Scenario, serving
from tests.sdk.provider.clients import Asking, Manner, ask

_IMPATIENT_S = 0.3
_TWO = (Manner.PLAIN, Manner.ASYNC_STREAM)
MANNERS = dict.fromkeys((Scenario.OK, Scenario.REFUSAL, Scenario.RATE_LIMITED, Scenario.JSON_INVALID), tuple(Manner))
"""Not every scenario in every manner, to save time; ``--everything`` makes all."""


def _make_calls(api: Api, everything: bool) -> None:
    with serving() as provider:
        for scenario in Scenario:
            for manner in Manner if everything else MANNERS.get(scenario, _TWO):
                label = f"{api}-{scenario}-{manner}"
                patience_s = _IMPATIENT_S if scenario is Scenario.TIMEOUT else 20.0
                # What the client raises is the application's business; here it shows only in the calls.
                with suppress(Exception), watchkeeper_sdk.context(route=label):
                    ask(api, Asking(provider, scenario, manner, label, patience_s))
        for seen in provider.seen:
            print(json.dumps(dataclasses.asdict(seen)))


def _main() -> None:
    watch = watchkeeper_sdk.init("real-calls", refusal_phrases="--phrases" in sys.argv)
    _make_calls(Api(sys.argv[1]), "--everything" in sys.argv)
    assert watch.flush(30), "not everything could be sent"
    assert watch.counts.dropped == 0, watch.counts


if __name__ == "__main__":
    _main()
