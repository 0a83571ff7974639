"""Names the SDK gives to attributes, and what importing it brings along."""

import subprocess
import sys

from watchkeeper_sdk import semconv

HEAVY = ("kafka", "clickhouse_connect", "chdb", "fastapi", "uvicorn", "httpx", "grpc", "pyarrow", "numpy", "pydantic")


def names() -> dict[str, str]:
    return {name: value for name, value in vars(semconv).items() if name.isupper()}


def test_names_are_texts_given_once_and_in_two_namespaces() -> None:
    values = list(names().values())
    assert len(set(values)) == len(values) > 10
    assert all(value.startswith(("watchkeeper.", "gen_ai.")) and value == value.lower() for value in values)


def test_names_that_others_rely_on_do_not_change() -> None:
    assert (semconv.ROUTE, semconv.VARIANT, semconv.FORMAT_VALID) == (
        "watchkeeper.route",
        "watchkeeper.variant",
        "watchkeeper.format.valid",
    )


def test_importing_the_sdk_loads_nothing_of_the_platform() -> None:
    code = "import watchkeeper_sdk, watchkeeper_sdk.semconv, sys; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    roots = {name.partition(".")[0] for name in loaded}
    assert not roots & {*HEAVY, "watchkeeper", "collector", "api"}
