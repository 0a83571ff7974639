"""The counts of calls as metrics of the application's own meter provider."""

from tests.sdk.own_process import run
from watchkeeper_sdk import llm_call
from watchkeeper_sdk.testing import watching

_SCRIPT = """
    import time

    from opentelemetry import metrics
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider

    from tests.sdk.spans import Faulty
    from watchkeeper_sdk import init, llm_call, shutdown
    from watchkeeper_sdk.testing import watching

    reader = InMemoryMetricReader()

    def collected():
        scopes = [scope for resource in reader.get_metrics_data().resource_metrics for scope in resource.scope_metrics]
        return {one.name: [point.value for point in one.data.data_points] for scope in scopes for one in scope.metrics}

    def told(sent, dropped, queued):
        counts = {"sent": sent, "dropped": dropped, "queued": queued}
        return {f"watchkeeper.sdk.calls.{name}": [count] for name, count in counts.items()}

    def call(times):
        for _ in range(times):
            with llm_call("openai", "gpt-4o"):
                pass

    with watching():  # before the application sets its meter provider
        pass
    metrics.set_meter_provider(MeterProvider([reader]))
    with watching() as calls:
        call(3)
        assert len(calls) == 3
        assert collected() == told(3, 0, 0), collected()

    watch = init(exporter=Faulty(away=True), tracer_provider=TracerProvider(), instrument=False, queue_size=2)
    call(5)
    deadline = time.monotonic() + 20
    while collected() != told(0, 3, 2):
        assert time.monotonic() < deadline, collected()
        time.sleep(0.01)
    shutdown(0.01)
    while collected() != told(0, 5, 0):
        assert time.monotonic() < deadline, collected()
        time.sleep(0.01)
"""


def test_an_application_that_collects_metrics_gets_the_counts() -> None:
    stderr = run(_SCRIPT).stderr
    assert "already" not in stderr, "OpenTelemetry complains of instruments that are made twice"


def test_without_a_meter_provider_nothing_happens() -> None:
    with watching() as calls:
        with llm_call("openai", "gpt-4o"):
            pass
        assert len(calls) == 1
