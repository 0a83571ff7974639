"""Both distributions: what their wheels hold, and that no import name comes twice."""

import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email.message import Message
from email.parser import Parser
from importlib.metadata import EntryPoint, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from watchkeeper_sdk.instrumentation_table import LIBRARIES

pytestmark = pytest.mark.packaging

ROOT = Path(__file__).parents[2]
HEAVY = ("kafka", "clickhouse_connect", "chdb", "fastapi", "uvicorn", "starlette", "httpx", "grpc", "pyarrow", "numpy")


def built(project: Path, into: Path) -> zipfile.ZipFile:
    """The wheel of a copy of ``project``: building must not leave files in the repository."""
    copy = into / "source"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks", "docs", "captures", "dist")
    shutil.copytree(project, copy, ignore=left_out)
    (copy / "tests").mkdir()
    (copy / "tests" / "test_nothing.py").touch()
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(into), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = into.glob("*.whl")
    return zipfile.ZipFile(wheel)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return built(ROOT / "sdk", tmp_path_factory.mktemp("sdk"))


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return built(ROOT, tmp_path_factory.mktemp("platform"))


def roots(wheel: zipfile.ZipFile) -> set[str]:
    """Top-level names, the metadata left out."""
    found = {name.partition("/")[0] for name in wheel.namelist()}
    return {name for name in found if not name.endswith(".dist-info")}


def about(wheel: zipfile.ZipFile, file: str = "METADATA") -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(f".dist-info/{file}")]
    return Parser().parsestr(wheel.read(name).decode())


def modules(package: Path) -> set[str]:
    files = (path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.is_file())
    return {name for name in files if "__pycache__" not in name}


def test_the_sdk_holds_its_own_package_and_needs_opentelemetry_alone(sdk: zipfile.ZipFile) -> None:
    assert roots(sdk) == {"watchkeeper_sdk"}
    assert modules(ROOT / "sdk/src/watchkeeper_sdk") <= set(sdk.namelist())
    assert "watchkeeper_sdk/py.typed" in sdk.namelist()
    assert about(sdk)["Name"] == "watchkeeper-sdk"
    needs = [Requirement(line) for line in about(sdk).get_all("Requires-Dist") or ()]
    assert {one.name for one in needs if one.marker is None} == {"opentelemetry-api", "opentelemetry-sdk"}
    assert {"kafka", "otlp", "openai", "anthropic", "google-genai", "langchain"} <= set(
        about(sdk).get_all("Provides-Extra") or ()
    )


def test_each_library_that_can_be_watched_has_its_extra(sdk: zipfile.ZipFile) -> None:
    extras = set(about(sdk).get_all("Provides-Extra") or ())
    assert {library.name for library in LIBRARIES if library.instrumentations} <= extras


def test_entry_points_of_the_sdk_can_be_loaded(sdk: zipfile.ZipFile) -> None:
    (name,) = [name for name in sdk.namelist() if name.endswith("entry_points.txt")]
    declared = ConfigParser()
    declared.read_string(sdk.read(name).decode())
    assert set(declared.sections()) == {"opentelemetry_traces_exporter", "pytest11"}
    for section in declared.sections():
        for at, value in declared[section].items():
            assert EntryPoint(at, value, section).load()


def test_the_sdk_works_with_nothing_but_opentelemetry(sdk: zipfile.ZipFile, tmp_path: Path) -> None:
    sdk.extractall(tmp_path)
    _bring_along("opentelemetry-sdk", tmp_path)
    (tmp_path / "alone.py").write_text(_ALONE)
    # -I -S: neither the environment's packages nor the working directory.
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import alone"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    file, loaded, told = done.stdout.splitlines()
    assert file.startswith(str(tmp_path)) and told == "1 call of gpt-4o on checkout"
    assert not {name.partition(".")[0] for name in loaded.split()} & {
        *HEAVY,
        "watchkeeper",
        "collector",
        "detectors",
        "api",
        "alerts",
        "dashboards",
    }
    assert "pip install 'watchkeeper-sdk[otlp]'" in done.stderr


_ALONE = """
import sys
import watchkeeper_sdk
print(watchkeeper_sdk.__file__)
print(*sys.modules)
assert watchkeeper_sdk.init("checkout").sends_to == ""
with watchkeeper_sdk.llm_call("openai", "gpt-4o") as call:
    call.response(usage={"input_tokens": 1})
from watchkeeper_sdk.testing import watching
with watching("checkout") as calls:
    with watchkeeper_sdk.llm_call("openai", "gpt-4o") as call:
        call.response({"choices": []}, usage={"input_tokens": 1})
    one = calls.assert_one(model="gpt-4o", input_tokens=1)
    print(len(calls), "call of", one.model, "on", one.span.resource.attributes["service.name"])
"""


def _bring_along(name: str, into: Path, seen: set[str] | None = None) -> None:
    """A distribution with all that it needs, linked from this environment."""
    seen = set() if seen is None else seen
    if name in seen:
        return
    seen.add(name)
    found = distribution(name)
    for file in found.files or ():
        source = Path(str(found.locate_file(file)))
        if ".." not in file.parts and source.is_file():
            (into / file).parent.mkdir(parents=True, exist_ok=True)
            (into / file).symlink_to(source)
    for line in found.requires or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            _bring_along(needed.name, into, seen)


def test_the_platform_holds_its_packages_with_migrations_and_types(platform: zipfile.ZipFile) -> None:
    assert roots(platform) == {"watchkeeper", "collector", "detectors", "api", "alerts", "dashboards"}
    for package in ("watchkeeper", "collector", "detectors", "api", "alerts", "dashboards"):
        assert modules(ROOT / package) <= set(platform.namelist())
        assert f"{package}/py.typed" in platform.namelist()
    migrations = modules(ROOT / "watchkeeper/storage/migrations")
    assert len(migrations) >= 5
    assert {f"watchkeeper/storage/{name}" for name in migrations} <= set(platform.namelist())


def test_the_platform_is_described_and_has_one_command(platform: zipfile.ZipFile) -> None:
    described = about(platform)
    assert (described["Name"], described["License-Expression"]) == ("watchkeeper", "Apache-2.0")
    needs = described.get_all("Requires-Dist") or []
    assert "watchkeeper-sdk" in needs
    (name,) = [name for name in platform.namelist() if name.endswith("entry_points.txt")]
    scripts = platform.read(name).decode()
    assert "watchkeeper = watchkeeper.cli.__main__:main" in scripts
    assert any(name.endswith("licenses/LICENSE") for name in platform.namelist())


def test_each_import_name_comes_from_one_distribution(sdk: zipfile.ZipFile, platform: zipfile.ZipFile) -> None:
    assert not roots(sdk) & roots(platform)
    assert about(sdk)["Version"] == about(platform)["Version"]
