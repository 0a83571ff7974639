"""How long a model stays."""

from datetime import datetime, timedelta

from watchkeeper.catalog.facts import ModelFacts


def ending(known: ModelFacts | None, now: datetime, notice_days: int) -> str | None:
    """Why the model will not stay, in words; None where nothing says so.

    It is deprecated, or it retires within ``notice_days``. A date that lies further ahead is none yet.
    """
    if known is None:
        return None
    today = now.date()
    if known.retirement_date is not None and known.retirement_date <= today:
        return f"it was retired on {known.retirement_date}"
    if known.retirement_date is not None and known.retirement_date - today <= timedelta(days=notice_days):
        return f"it retires on {known.retirement_date}, in {(known.retirement_date - today).days} days"
    if known.deprecation_date is not None and known.deprecation_date <= today:
        return f"it is deprecated since {known.deprecation_date}"
    if known.deprecated and known.deprecation_date is None:
        end = "when it ends is not known" if known.retirement_date is None else f"it retires on {known.retirement_date}"
        return f"it is deprecated; {end}"
    return None
