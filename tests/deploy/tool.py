"""Tools that only some machines have: a test skips where one is not there, with a sentence; in CI it fails instead."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_GO_S = 300.0


def missing(what: str) -> None:
    """Skip the test, or fail it where ``CI`` is set."""
    if os.environ.get("CI") == "true":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


def compose_loader() -> Path:
    """The loader of `docker compose`, compiled once for each version of its source into the user's cache."""
    source = Path(__file__).parent / "compose_check"
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(source.iterdir()))).hexdigest()[:16]
    binary = _cache() / f"compose-check-{digest}"
    if not binary.exists():
        if shutil.which("go") is None:
            missing("checking docker-compose.yml as docker compose does needs Go: there is no `go` on the PATH")
        _build(source, binary)
    return binary


def kustomize() -> list[str]:
    """Command line of kustomize: the tool itself, else the one inside kubectl."""
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    if not shutil.which("kubectl"):
        missing("building the Kubernetes manifests needs `kustomize` or `kubectl` on the PATH")
    return ["kubectl", "kustomize"]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache") / "watchkeeper"


def _build(source: Path, binary: Path) -> None:
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=binary.parent) as work:
        made = Path(work) / binary.name
        # Not optimised: it runs for milliseconds, and compiling is what takes time.
        options = ["-mod=readonly", "-gcflags=all=-N -l", "-ldflags=-s -w", "-o", str(made)]
        environment = os.environ | {"CGO_ENABLED": "0"}
        done = subprocess.run(
            ["go", "build", *options, "."],
            cwd=source,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_GO_S,
            check=False,
        )
        if done.returncode:
            missing(f"the loader of docker compose did not compile: {done.stderr.strip()[-500:]}")
        # Two test processes may build at the same time: each puts a whole file in place.
        made.replace(binary)
