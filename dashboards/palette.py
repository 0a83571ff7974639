"""Thresholds and colours that mean the same everywhere."""

from dashboards.model import Threshold

FAILURE_SHARE = (Threshold(0.01, "yellow"), Threshold(0.05, "red"))
ANY_IS_BAD = (Threshold(1, "red"),)
ANY_IS_NOTABLE = (Threshold(1, "yellow"),)
UNPRICED_SHARE = (Threshold(0.001, "yellow"), Threshold(0.05, "red"))
DELAY_S = (Threshold(60, "yellow"), Threshold(300, "red"))
SEVERITIES = {"page": "red", "notice": "yellow"}
STATES = {"open": "red", "recovering": "yellow", "closed": "green"}
VERDICTS = {"better": "green", "not_worse": "green", "worse": "red", "cannot_tell": "yellow"}
LEVEL_STATES = {"not reached": "green", "reached": "yellow", "used up": "red"}
