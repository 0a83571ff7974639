"""Random passwords and a first token for docker-compose.yml, as lines of an environment file.

python3 deploy/passwords.py > .env
"""

import secrets
import sys

NAMES = (
    "WATCHKEEPER_CLICKHOUSE_PASSWORD",
    "WATCHKEEPER_TOKENS",
    "GRAFANA_CLICKHOUSE_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
)
_BYTES = 24


def lines() -> list[str]:
    """``NAME=value`` of each, with 192 random bits; letters, digits, ``-`` and ``_`` only."""
    return [f"{name}={secrets.token_urlsafe(_BYTES)}" for name in NAMES]


if __name__ == "__main__":
    sys.stdout.write("\n".join(lines()) + "\n")
