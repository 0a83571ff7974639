"""Every page of the seeded site that is looked at, by the name of its pictures."""

PAGES = {
    "overview": "/",
    "regressions": "/regressions",
    "regression-latency": "/regressions/a1c0ffee",
    "regression-outage": "/regressions/c3c0ffee",
    "regression-model": "/regressions/f6c0ffee",
    "costs": "/costs",
    "drivers": "/costs/drivers",
    "forecast": "/costs/forecast",
    "what-if": "/costs/what-if?model=gpt-4o-2024-08-06&to_model=gpt-4o-mini",
    "advice": "/advice",
    "advice-route": "/advice?route=rank",
    "migrations": "/migrations",
    "migration": "/migrations/m1",
    "roll-back": "/migrations/m1/roll-back",
    "calls": "/calls?period=7d&order=cost&limit=12",
    "doctor": "/doctor",
}
