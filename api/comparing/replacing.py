"""Which metrics decide whether one model may take another's place."""

from api.comparing.compare import DEFAULT

REPLACING = (*DEFAULT, "rate_limit", "empty")
"""Besides those that every comparison has: a model that is cheap but turns calls away, or says nothing, is none."""
