"""Both distributions: what their wheels hold, and that no import name comes twice."""

import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

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


def test_the_sdk_holds_its_own_package_and_needs_nothing(sdk: zipfile.ZipFile) -> None:
    assert roots(sdk) == {"watchkeeper_sdk"}
    assert modules(ROOT / "sdk/src/watchkeeper_sdk") <= set(sdk.namelist())
    assert "watchkeeper_sdk/py.typed" in sdk.namelist()
    assert (about(sdk)["Name"], about(sdk).get_all("Requires-Dist")) == ("watchkeeper-sdk", None)


def test_the_sdk_alone_can_be_imported_and_loads_nothing_heavy(sdk: zipfile.ZipFile, tmp_path: Path) -> None:
    sdk.extractall(tmp_path)
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import watchkeeper_sdk.semconv as s; print(s.__file__); "
        "print(*sys.modules)"
    )
    # -I -S: neither the environment's packages nor the working directory.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    file, loaded = done.stdout.splitlines()
    assert file.startswith(str(tmp_path))
    assert not {name.partition(".")[0] for name in loaded.split()} & {*HEAVY, "watchkeeper", "collector", "api"}


def test_the_platform_holds_its_packages_with_migrations_and_types(platform: zipfile.ZipFile) -> None:
    assert roots(platform) == {"watchkeeper", "collector", "api"}
    for package in ("watchkeeper", "collector", "api"):
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
