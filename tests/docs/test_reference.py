import re
import tomllib

import pytest

from tests.docs.reference import DOCS, PARTS, with_part
from watchkeeper_sdk.environment import KAFKA
from watchkeeper_sdk.kafka_config import KafkaConfig


@pytest.mark.docs
@pytest.mark.parametrize("name", PARTS)
def test_generated_parts_of_the_pages_are_up_to_date(name: str) -> None:
    file, build = PARTS[name]
    page = (DOCS / file).read_text()
    assert page == with_part(page, name, build()), f"docs/{file} is stale: run python -m tests.docs.reference"


@pytest.mark.docs
def test_the_kafka_settings_of_the_sdk_are_listed_with_their_defaults() -> None:
    listed = dict(re.findall(r"^\| `(WATCHKEEPER_KAFKA_\w+)` \| (.*?) \|", (DOCS / "instrument.md").read_text(), re.M))
    config = KafkaConfig.read({}, {})
    for variable in KAFKA:
        name = variable.removeprefix("WATCHKEEPER_KAFKA_").lower()
        value = getattr(config, {"timeout": "timeout_s"}.get(name, name))
        default = ",".join(value) if isinstance(value, tuple) else str(value)
        assert listed.pop(variable).strip("` ") == default, variable
    assert not listed


@pytest.mark.docs
def test_the_extras_of_the_sdk_are_listed() -> None:
    project = tomllib.loads((DOCS.parent / "sdk" / "pyproject.toml").read_text())["project"]
    rows = re.findall(r"^\| (`.*?`) \|", (DOCS.parent / "sdk" / "README.md").read_text(), re.M)
    assert sorted(re.findall(r"`([\w-]+)`", " ".join(rows))) == sorted(project["optional-dependencies"])
