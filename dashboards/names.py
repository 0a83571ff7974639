"""Names that stay: addresses of dashboards, the data source, the folder."""

DATA_SOURCE = "watchkeeper-clickhouse"
FOLDER = "Watchkeeper"
FOLDER_UID = "watchkeeper"
TAG = "watchkeeper"
"""Of all our dashboards, which link to one another by it."""

FLEET = "watchkeeper-fleet"
MODEL_HEALTH = "watchkeeper-model-health"
COST = "watchkeeper-cost"
REGRESSIONS = "watchkeeper-regressions"
MIGRATIONS = "watchkeeper-migrations"
ITSELF = "watchkeeper-itself"
