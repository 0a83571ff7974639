"""Situations of a route, each with the advice that is expected: the table of docs/advice.md and of the tests."""

from tests.api.advising.away_scenarios import away
from tests.api.advising.cheaper_scenarios import cheaper
from tests.api.advising.constraints_scenarios import constraints
from tests.api.advising.degraded_scenarios import degraded
from tests.api.advising.ending_scenarios import ending
from tests.api.advising.others_scenarios import others

SCENARIOS = (*degraded(), *away(), *ending(), *cheaper(), *constraints(), *others())


def table() -> str:
    """The scenarios as a table of Markdown."""
    rows = ["| situation | advice | because | evidence |", "| --- | --- | --- | --- |"]
    for one in SCENARIOS:
        advice = str(one.decision).replace("_", "-") + (", test first" if one.tests else "")
        target = f" → `{one.target}`" if one.target else ""
        evidence = str(one.evidence or "").replace("_", " ")
        rejected = ", ".join(word.replace("_", " ") for word in dict.fromkeys(one.rejected.values()))
        because = str(one.reason).replace("_", " ") + (f" (rejected for {rejected})" if rejected else "")
        rows.append(f"| {one.situation} | {advice}{target} | {because} | {evidence} |")
    return "\n".join(rows)
