"""The SDK's own Python is 3.10's, and every interpreter on this machine from there on can compile it."""

import ast
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "sdk" / "src" / "watchkeeper_sdk"
FILES = sorted(SOURCE.rglob("*.py"))
INTERPRETERS = [found for minor in range(10, 15) if (found := shutil.which(f"python3.{minor}"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_the_syntax_is_that_of_python_3_10(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 10))


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_interpreters_that_are_here_compile_it(interpreter: str) -> None:
    code = "import sys\nfor name in sys.argv[1:]: compile(open(name, encoding='utf-8').read(), name, 'exec')"
    done = subprocess.run(
        [interpreter, "-W", "error", "-c", code, *map(str, FILES)], capture_output=True, text=True, check=False
    )
    # A shim of a version manager may stand for an interpreter that is not installed.
    assert done.returncode == 0 or "not found" in done.stderr, done.stderr
