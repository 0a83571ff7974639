"""Requirements kept in a file."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from api.comparing.compare import METRICS
from api.requirements.models import Accuracy, MarginOf, Requirements
from api.requirements.requirements_file import RequirementsFile
from watchkeeper.errors import ConfigError

DOCS = Path(__file__).parents[3] / "docs" / "advice.md"


def written(folder: Path, text: str) -> Path:
    path = folder / "needs.yaml"
    path.write_text(text)
    return path


def test_a_file_states_routes(tmp_path: Path) -> None:
    file = RequirementsFile.load(
        written(tmp_path, "routes:\n  a/b: {latency_class: interactive, accuracy: must_be_correct}\n  c: {}\n")
    )
    assert file.routes["a/b"].accuracy is Accuracy.MUST_BE_CORRECT
    assert file.routes["c"] == Requirements()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[]", "must be a mapping with `routes`"),
        ("routes: {a: {latency: fast}}", "routes.a.latency: Extra inputs"),
        ("routes: {a: {latency_class: fast}}", "routes.a.latency_class"),
        ("routes: {a: {max_usd_per_call: 0}}", "routes.a.max_usd_per_call: Input should be greater than 0"),
        ("routes: {a: {margins: {speed: 0.1}}}", "routes.a.margins.speed"),
        ("routes: {a: {margins: {latency: .nan}}}", "routes.a.margins.latency"),
        ("routes: {a: {regions: []}}", "routes.a.regions"),
        ("routes: {'': {}}", "routes"),
        ("nothing: 1", "routes: Field required"),
        ("routes: [", "is not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, text: str, named: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=re.escape(named)) as told:
        RequirementsFile.load(path)
    assert str(path) in str(told.value)


def test_margins_can_be_stated_of_every_metric_that_is_compared() -> None:
    assert get_args(MarginOf) == METRICS


@pytest.mark.docs
def test_the_example_of_the_docs_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(routes:.*?)```", DOCS.read_text(), re.DOTALL)
    file = RequirementsFile.parse(yaml.safe_load(example), DOCS)
    assert len(file.routes) >= 2
