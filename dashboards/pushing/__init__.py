"""Data source, folder, dashboards and alert rules into a Grafana that is there, over its HTTP API."""
