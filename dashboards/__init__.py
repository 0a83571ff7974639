"""Grafana dashboards, alert rules and provisioning, written in Python and kept as the files Grafana reads."""
