"""The Dockerfile against what is built: packages, pins, who it runs as."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.compose_file import ROOT, compose

TEXT = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
IGNORED = (ROOT / ".dockerignore").read_text().splitlines()


def constraints() -> dict[str, str]:
    lines = (ROOT / "deploy" / "constraints.txt").read_text().splitlines()
    pairs = (line.split("==") for line in lines if not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def test_all_that_the_wheel_holds_is_copied_and_reaches_the_builder() -> None:
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", TEXT, re.MULTILINE))
    sources = {source for line in copied for source in line.split()}
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) | {"sdk", "pyproject.toml", "README.md", "LICENSE"} <= sources
    assert {f"!{source}" for source in sources} == {line for line in IGNORED if line.startswith("!")}
    assert all((ROOT / source).exists() for source in sources)


def test_its_base_is_pinned_by_digest_and_it_does_not_run_as_root() -> None:
    outside = [name for name in re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) if ":" in name]
    assert outside and all(re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", name) for name in outside)
    stages = set(re.findall(r"^FROM \S+ AS (\S+)", TEXT, re.MULTILINE))
    targets = {one["build"]["target"] for one in compose()["services"].values() if "build" in one}
    assert targets == {"service", "demo"} and targets <= stages
    for target in targets:
        stage = re.split(r"^FROM ", TEXT.partition(f" AS {target}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
        assert "USER 10001:10001" in stage


def test_each_dependency_has_a_version_that_the_project_allows() -> None:
    pinned = constraints()
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["demo"]]
    for text in wanted:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        if name != "watchkeeper-sdk":
            assert name in pinned, f"{name} is in no line of deploy/constraints.txt: run deploy/constraints.sh"
            assert requirement.specifier.contains(pinned[name], prereleases=True), (
                f"{name} {pinned[name]} is not {requirement.specifier}: run deploy/constraints.sh"
            )
