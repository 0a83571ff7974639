"""What Grafana reads at its start besides dashboards: the data source, and where the dashboards are."""

from dashboards.model import Json, Source
from dashboards.names import DATA_SOURCE, FOLDER, FOLDER_UID

MOUNTED = "/var/lib/grafana/dashboards/watchkeeper"
"""Where Grafana finds the dashboards' files (docs/grafana.md)."""


def connection_of(host: str, port: int, user: str, database: str) -> Json:
    """The plugin's settings for ClickHouse over HTTP; ``secure`` is TLS."""
    return {
        "host": host,
        "port": port,
        "protocol": "http",
        "secure": False,
        "username": user,
        "defaultDatabase": database,
    }


def data_sources() -> Json:
    """ClickHouse over HTTP; Grafana fills in the variables of its own environment."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": FOLDER,
                "uid": DATA_SOURCE,
                "type": Source.CLICKHOUSE.value,
                "access": "proxy",
                "editable": False,
                "jsonData": connection_of("${CLICKHOUSE_HOST}", 8123, "${CLICKHOUSE_USER}", "${CLICKHOUSE_DATABASE}"),
                "secureJsonData": {"password": "${CLICKHOUSE_PASSWORD}"},
            }
        ],
    }


def dashboard_providers() -> Json:
    """Dashboards change in the repository only, not in Grafana."""
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": FOLDER,
                "orgId": 1,
                "folder": FOLDER,
                "folderUid": FOLDER_UID,
                "type": "file",
                "allowUiUpdates": False,
                "updateIntervalSeconds": 60,
                "options": {"path": MOUNTED},
            }
        ],
    }
