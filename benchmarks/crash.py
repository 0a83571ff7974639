"""Nothing lost, nothing counted twice: ``python -m benchmarks.crash [--kills 25] [--calls-topic llm_calls]``.

300,000 spans flow through Kafka into ``watchkeeper collector`` while it is killed (-9) at random moments and started
again at once, the broker is restarted twice (once asked to, once killed) and the store is away for 30 s. In the end
calls, rollups, tokens and costs in the data directory are compared with what was sent: they must be equal, exactly.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import store_outage
from benchmarks.collectors import GROUP, Collector, CollectorSeat, collector, wait_until_stored
from benchmarks.kafka_topic import BenchTopic, SteadyProducer
from benchmarks.load import Load
from benchmarks.processes import wait_for
from benchmarks.truth import Sums, expected, open_data, stored
from benchmarks.verdict import Verdict, conclude
from demo.broker import LocalBroker
from watchkeeper.storage.client import Store

SPANS = 512
PARTITIONS = 4
_PAUSE_S = 0.2
_LIFE_S = 6.0
_STARTING = 0.2
_START_S = 90.0
_DRAIN_S = 240.0


@dataclass(slots=True)
class Run:
    """One run: who is killed when, and what happened."""

    seat: CollectorSeat
    broker: LocalBroker
    producer: SteadyProducer
    dice: random.Random
    messages_a_life: int
    outage_s: float
    killed_in_work: int = 0
    started_s: list[float] = field(default_factory=list)

    def life(self, number: int, event: Callable[[Collector], None] | None) -> None:
        """Start a collector, let ``event`` happen to it, kill it at a random moment."""
        module = ("benchmarks.store_outage", "0.5", str(self.outage_s)) if event == self.outage else ()
        self.producer.allow(self.messages_a_life)
        with collector(self.seat, *module) as running:
            if event is None and self.started_s and self.dice.random() < _STARTING:
                time.sleep(self.dice.uniform(0, min(self.started_s)))
            else:
                began = time.monotonic()
                wait_for(running.is_ready, "the collector ready", _START_S, every_s=0.1)
                self.started_s.append(time.monotonic() - began)
                if event is not None:
                    event(running)
                time.sleep(self.dice.uniform(0, _LIFE_S))
            running.kill()
        backlog = self.seat.topic.backlog(GROUP)
        in_work = backlog.in_work if backlog else 0
        self.killed_in_work += bool(in_work)
        print(f"  kill {number}: {in_work} batches in work, {backlog.messages if backlog else '?'} messages behind")

    def restart_broker(self, _: Collector) -> None:
        """Ask it to end, and start it again."""
        self.broker.restart()

    def kill_broker(self, _: Collector) -> None:
        """Kill it, and start it again."""
        self.broker.restart(hard=True)

    def outage(self, running: Collector) -> None:
        """Wait until the store has been away and is back."""

        def is_over() -> bool:
            return running.is_ready() and store_outage.ENDS in self.seat.log.read_text(errors="replace")

        wait_for(is_over, "the end of the store's outage", self.outage_s + 60)


def run(options: argparse.Namespace, folder: Path) -> list[str]:
    """Everything; returns what differs from what was sent."""
    load, begin_ns = Load(SPANS), time.time_ns() - 600 * 10**9
    messages = -(-options.spans // SPANS)
    with LocalBroker(folder / "broker") as broker:
        print(f"  broker: {broker.name}")
        topic = BenchTopic(broker.bootstrap, "crash-spans", PARTITIONS)
        topic.create()
        if options.calls_topic:
            BenchTopic(broker.bootstrap, options.calls_topic, PARTITIONS).create()
        seat = CollectorSeat(topic, folder, options.calls_topic, (("BATCH_MAX_MESSAGES", "8"),))
        producer = SteadyProducer(topic, load.requests(messages, begin_ns), _PAUSE_S)
        share = messages // (options.kills + 1)
        state = Run(seat, broker, producer, random.Random(options.seed), share, options.outage)
        _kill_all(state, options.kills)
        producer.allow(messages)
        producer.finish(120)
        with collector(seat) as last:
            wait_until_stored(seat, last, _DRAIN_S)
            last.measured.stop()
    print(f"  {state.killed_in_work} of {options.kills} kills while batches were being stored")
    wanted = expected(load.requests(messages, begin_ns), load.totals(messages))
    return _compare(open_data(folder / "data"), wanted)


def _kill_all(state: Run, kills: int) -> None:
    events = (state.restart_broker, state.outage, state.kill_broker)
    happens = {1 + kills * quarter // 4: event for quarter, event in enumerate(events, start=1)}
    for number in range(1, kills + 1):
        state.life(number, happens.get(number))


def _compare(store: Store, wanted: Sums) -> list[str]:
    found = stored(store)
    store.close()
    print(f"  sent   {wanted}")
    for table, sums in found.sums.items():
        print(f"  {table:<8} {sums}")
    return found.differences(wanted)


def main() -> None:
    """Run and conclude."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=300_000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--outage", type=float, default=30.0, help="seconds without store")
    parser.add_argument("--calls-topic", default="", help="also publish the stored calls there")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave it there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        different = run(options, folder)
    measured = (
        "; ".join(different) or f"equal after {options.kills} kills, 2 broker restarts, {options.outage:.0f} s outage"
    )
    conclude(Verdict("crash", "calls, rollups, tokens, costs equal to what was sent", measured, not different))


if __name__ == "__main__":
    main()
