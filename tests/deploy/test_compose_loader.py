"""docker-compose.yml through compose-go, the loader that `docker compose` itself is made with."""

import json
import subprocess
from collections.abc import Mapping

import pytest

from tests.deploy.compose_file import PATH, VARIABLES
from tests.deploy.test_compose import BY_PROFILE, CORE
from tests.deploy.tool import compose_loader

# The first run on a machine compiles the loader.
pytestmark = pytest.mark.timeout(330)


def load(profiles: tuple[str, ...], variables: Mapping[str, str] = VARIABLES) -> subprocess.CompletedProcess[str]:
    command = [str(compose_loader()), str(PATH), *profiles]
    return subprocess.run(command, env=dict(variables), capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("profile", ["", *BY_PROFILE])
def test_each_profile_loads(profile: str) -> None:
    done = load((profile,) if profile else ())
    assert (done.returncode, done.stderr) == (0, "")
    services = json.loads(done.stdout)["services"]
    assert set(services) == CORE | BY_PROFILE.get(profile, set())
    assert services["api"]["environment"]["WATCHKEEPER_CLICKHOUSE_PASSWORD"] == "clickhouse-secret"
    assert services["collector"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_password_that_is_missing_stops_it_with_its_name(name: str) -> None:
    done = load((), {key: value for key, value in VARIABLES.items() if key != name})
    assert done.returncode == 1
    assert f"required variable {name} is missing a value: run python3 deploy/passwords.py > .env" in done.stderr
