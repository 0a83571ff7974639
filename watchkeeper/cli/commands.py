"""Every command of ``watchkeeper``, by name.

To add one, write a function with typer's annotations in a module of ``watchkeeper.cli`` and a line here: its name, the
``module:function``, and the first paragraph of the function's docstring, which is what ``--help`` lists. Options that
several commands have are in :mod:`watchkeeper.cli.options`. The module is imported when the command is run; nothing is
imported here but what the list itself needs. A test loads every command and compares its help with the line.
"""

from watchkeeper.cli.lazy_group import Entry, EntryGroup
from watchkeeper.cli.verdict import VerdictCommand

_TOPICS = EntryGroup(
    "topics",
    "Kafka topics.",
    (
        Entry(
            "create",
            "watchkeeper.cli.topics_commands:create",
            "Make the topics that are missing; exit code 1 if one differs from what it should be.",
        ),
    ),
)

_DLQ = EntryGroup(
    "dlq",
    "Dead letters: messages that could not be read.",
    (
        Entry("list", "watchkeeper.cli.dlq_commands:list_letters", "Dead letters, newest first."),
        Entry(
            "show",
            "watchkeeper.cli.dlq_commands:show",
            "One dead letter: why, whence, when; its bytes with --raw.",
        ),
        Entry(
            "replay",
            "watchkeeper.cli.dlq_commands:replay",
            "Send dead letters through the pipeline again; exit code 1 if one fails again.",
        ),
    ),
)

_REGRESSIONS = EntryGroup(
    "regressions",
    "What was found, and what people say of it.",
    (
        Entry(
            "list",
            "watchkeeper.cli.regressions_command:list_regressions",
            "Regressions and findings, the latest first.",
        ),
        Entry(
            "show",
            "watchkeeper.cli.regressions_command:show",
            "One regression: its story, evidence, what else changed, its steps and what people said.",
        ),
        Entry("acknowledge", "watchkeeper.cli.regressions_command:acknowledge", "Say that somebody looks after it."),
        Entry(
            "close",
            "watchkeeper.cli.regressions_command:close",
            "Say that it is over. What is usual stays as learnt: new evidence opens it again.",
        ),
        Entry(
            "false-alarm",
            "watchkeeper.cli.regressions_command:false_alarm",
            "Say that it never was one. As accept, and its metrics ask for more evidence from now on.",
        ),
        Entry(
            "accept",
            "watchkeeper.cli.regressions_command:accept",
            "Say that the new level is what is usual from now on: its metrics are learnt anew.",
        ),
        Entry("comment", "watchkeeper.cli.regressions_command:comment", "Say something about it."),
        Entry("reopen", "watchkeeper.cli.regressions_command:reopen", "Take a close of the last day back."),
        Entry(
            "false-alarms",
            "watchkeeper.cli.regressions_command:false_alarms",
            "How often people called what was reported a false alarm, by kind and metric.",
        ),
    ),
)

_DETECTORS = EntryGroup(
    "detectors",
    "What looks for regressions.",
    (
        Entry(
            "run",
            "watchkeeper.cli.detectors_service:command",
            "Stored calls from Kafka, regressions out; start as many as there are partitions.",
        ),
        Entry(
            "explain",
            "watchkeeper.cli.explain_command:command",
            "Baselines, guards, statistics and distance to alarm of one series, as of the state saved last.",
            VerdictCommand,
        ),
        Entry(
            "simulate",
            "watchkeeper.cli.simulate_command:command",
            "How often the detectors alarm while nothing changes, and how soon when it does, on traffic like yours.",
            VerdictCommand,
        ),
    ),
)

_KEYS = EntryGroup(
    "keys",
    "API keys: who may read, send and change what.",
    (
        Entry(
            "create",
            "watchkeeper.cli.keys_command:create",
            "Make a key; its secret is printed to standard output, once.",
        ),
        Entry(
            "list",
            "watchkeeper.cli.keys_command:list_keys",
            "All keys, the newest first, without their secrets.",
        ),
        Entry(
            "rotate",
            "watchkeeper.cli.keys_command:rotate",
            "Make a successor with the same name and rights; its secret is printed to standard output, once.",
        ),
        Entry(
            "revoke",
            "watchkeeper.cli.keys_command:revoke",
            "End every key of that name; processes that know it follow within seconds.",
        ),
    ),
)

_COSTS = EntryGroup(
    "costs",
    "What calls cost, why that changed, and what it will be.",
    (
        Entry(
            "show",
            "watchkeeper.cli.costs_command:command",
            "What calls cost, by any of their dimensions: parts, unit costs, waste, caching. Without a period: 7 days.",
        ),
        Entry(
            "drivers",
            "watchkeeper.cli.drivers_command:command",
            "Why cost moved between two periods: volume, mix, lengths, caching, prices, waste; they add up exactly.",
        ),
        Entry(
            "forecast",
            "watchkeeper.cli.forecast_command:command",
            "What will have been spent by the end of the month, with an interval; or what is missing to tell.",
        ),
        Entry(
            "reconcile",
            "watchkeeper.cli.reconcile_command:command",
            "A provider's usage or cost export against stored calls: what differs, and why.",
            VerdictCommand,
        ),
        Entry(
            "what-if",
            "watchkeeper.cli.what_if_command:command",
            "The same calls on another model, tier or cache, or on GPUs of your own.",
        ),
    ),
    default="show",
)

_MODELS = EntryGroup(
    "models",
    "Which models there are, and what was served under their names.",
    (
        Entry(
            "list",
            "watchkeeper.cli.models_command:list_models",
            "Requested models: what answered for them and when, how long they stay, what they cost in 30 days.",
        ),
        Entry(
            "show",
            "watchkeeper.cli.models_command:show_model",
            "One requested model: its served models, fingerprints, findings, end of life, and where it is used.",
        ),
        Entry(
            "catalog",
            "watchkeeper.cli.catalog_command:command",
            "Models with capabilities, limits and prices, from the installed lists and your catalogue file.",
        ),
    ),
)

_BUDGETS = EntryGroup(
    "budgets",
    "Limits on spending, and how each stands.",
    (
        Entry("list", "watchkeeper.cli.budgets_command:list_budgets", "All budgets and how they stand."),
        Entry(
            "show",
            "watchkeeper.cli.budgets_command:show_budget",
            "One budget: what it limits, what is spent, what is expected.",
        ),
        Entry("set", "watchkeeper.cli.budgets_command:set_budget", "Make a budget, or change it as a whole."),
        Entry("remove", "watchkeeper.cli.budgets_command:remove", "Remove a budget; what it was stays known."),
    ),
    default="list",
)

COMMANDS = (
    Entry(
        "up",
        "watchkeeper.cli.up:command",
        "One process: OTLP in, embedded store, API out. Ends cleanly on Ctrl-C or SIGTERM.",
    ),
    Entry(
        "collector",
        "watchkeeper.cli.collector:command",
        "Kafka to ClickHouse; start as many as there are partitions.",
    ),
    Entry("gateway", "watchkeeper.cli.gateway:command", "OTLP in, Kafka out."),
    Entry("api", "watchkeeper.cli.serve_api:command", "The API alone, on a ClickHouse server."),
    Entry("migrate", "watchkeeper.cli.migrate_command:command", "Bring the database up to date."),
    Entry(
        "decode",
        "watchkeeper.cli.decode_command:command",
        "Print the calls in OTLP files as the collector would store them. Exit code 1 if a file does not decode.",
    ),
    Entry(
        "reprice",
        "watchkeeper.cli.reprice_command:command",
        "Price stored calls again with today's price list and your price file; shows the difference first.",
    ),
    Entry(
        "backtest",
        "watchkeeper.cli.backtest_command:command",
        "What the detectors would have reported of a file or of stored calls, when, and why.",
        VerdictCommand,
    ),
    Entry(
        "doctor",
        "watchkeeper.cli.doctor_command:command",
        "Check broker, topics, store, versions, clock and prices; exit code 1 if something is wrong.",
    ),
    Entry(
        "probe",
        "watchkeeper.cli.probe_command:command",
        "Exit code 0 if ``url`` answers 200: for container health checks.",
    ),
    Entry(
        "health",
        "watchkeeper.cli.health_command:command",
        "How each series fares: traffic, failures, times, cost, what is open. With an id: how that series did.",
    ),
    Entry(
        "calls",
        "watchkeeper.cli.calls_command:command",
        "Single calls that fit, the latest first; with an id, all calls of a trace. Never what was said in them.",
    ),
    _COSTS,
    _MODELS,
    _BUDGETS,
    _TOPICS,
    _DLQ,
    _DETECTORS,
    _REGRESSIONS,
    _KEYS,
    Entry(
        "audit",
        "watchkeeper.cli.audit_command:command",
        "Writes through the API, the newest first; of the last 7 days unless told otherwise.",
    ),
)
