"""What Grafana reads at its start besides dashboards: the data source, and where the dashboards are."""

from dashboards.model import Json, Source
from dashboards.names import DATA_SOURCE, FOLDER, FOLDER_UID

MOUNTED = "/var/lib/grafana/dashboards/watchkeeper"
"""Where Grafana finds the dashboards' files (docs/grafana.md)."""


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
                "jsonData": {
                    "host": "${CLICKHOUSE_HOST}",
                    "port": 8123,
                    "protocol": "http",
                    "secure": False,
                    "username": "${CLICKHOUSE_USER}",
                    "defaultDatabase": "${CLICKHOUSE_DATABASE}",
                },
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
