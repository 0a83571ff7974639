"""Closed sets of words that commands, the API and the store share."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key may do. ``admin`` implies all others, ``operate`` implies ``read``; ``ingest`` only sends calls."""

    READ = "read"
    INGEST = "ingest"
    OPERATE = "operate"
    ADMIN = "admin"


class CallOrder(StrEnum):
    """By what calls are listed, the largest first."""

    TIME = "time"
    DURATION = "duration"
    COST = "cost"


class BudgetPeriod(StrEnum):
    """What a limit is for; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Recurrence(StrEnum):
    """How often a comparison is made: at the full hour, at midnight UTC, on Mondays at midnight UTC."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class ExportForm(StrEnum):
    """What another router reads."""

    LITELLM = "litellm"
    """``model_list`` and ``router_settings``: a ``config.yaml`` of the proxy, or arguments of ``litellm.Router``."""
    OPENROUTER = "openrouter"
    """By route: fields for the body of a request."""
    PORTKEY = "portkey"
    """By route: a config."""
    ENV = "env"
    """Environment variables, as a shell or a ``.env`` file reads them."""
