"""The user's own facts: what they change, and what is wrong with them."""

from datetime import date
from pathlib import Path

import pytest

from watchkeeper.catalog.catalog import Catalog, built_in
from watchkeeper.catalog.catalog_file import CatalogFile
from watchkeeper.catalog.facts import Size
from watchkeeper.errors import ConfigError

DOCS = Path(__file__).parents[3] / "docs" / "catalog.md"


def written(folder: Path, text: str) -> Path:
    file = folder / "catalog.yaml"
    file.write_text(text)
    return file


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    example = DOCS.read_text().split("```yaml\n")[1].split("```")[0]
    file = CatalogFile.load(written(tmp_path, example))
    assert file.version == "acme-2026-11"
    own, corrected = file.models
    assert (own.provider, own.model, own.context_tokens, own.size) == ("vllm", "acme-large", 32_768, Size.LARGE)
    assert (corrected.provider, corrected.retirement_date) == ("openai", date(2027, 3, 31))


def test_the_users_facts_go_before_the_packages(tmp_path: Path) -> None:
    text = """
version: mine
models:
  - {provider: azure.ai.openai, model: GPT-4o, context_tokens: 64000, retirement_date: 2027-01-01, replacement: gpt-5}
"""
    found = Catalog(built_in(CatalogFile.load(written(tmp_path, text)))).resolve("azure", "gpt-4o")
    assert found is not None
    assert (found.context_tokens, found.output_tokens, found.replacement) == (64_000, 16_384, "gpt-5")
    assert found.retirement_date == date(2027, 1, 1)
    assert found.sources[0] == "file:mine"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "must be a mapping: `version`, `models`"),
        ("models: []", "version: Field required"),
        ("version: 1.0", "version: Input should be a valid string"),
        ("{version: v, models: [{model: x}]}", "models[0].provider: Field required"),
        ("{version: v, models: [{provider: a, model: x, prize: 3}]}", "models[0].prize: Extra inputs"),
        (
            "{version: v, models: [{provider: a, model: x, size: huge}]}",
            "models[0].size: Input should be 'small', 'medium'",
        ),
        ("{version: v, models: [{provider: a, model: x, context_tokens: 0}]}", "models[0].context_tokens"),
        ("{version: v, models: [{provider: a, model: x, input_modalities: [smell]}]}", "models[0].input_modalities[0]"),
        ("{version: v, models: [{provider: a, model: x, retirement_date: 2027-02-30}]}", "a date that does not exist"),
        (
            "{version: v,models: [{provider: a, model: x, deprecation_date: 2027-02-01, retirement_date: 2027-01-01}]}",
            "`deprecation_date` must not be after",
        ),
        (
            "{version: v, models: [{provider: aws, model: x}, {provider: aws.bedrock, model: X}]}",
            "models[1] is models[0] again (aws, X): keep one of them",
        ),
        ("version: [", "is not YAML"),
    ],
    ids=range(12),
)
def test_a_mistake_is_told_with_file_place_and_mend(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        CatalogFile.load(file)
    assert said in str(error.value)
    assert str(error.value).startswith(f"catalogue file {file}")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"catalogue file .* cannot be read: No such file"):
        CatalogFile.load(tmp_path / "nothing.yaml")
