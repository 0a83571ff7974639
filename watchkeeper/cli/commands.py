"""Every command of ``watchkeeper``, by name.

To add one, write a function with typer's annotations in a module of ``watchkeeper.cli`` and a line here: its name, the
``module:function``, and the first paragraph of the function's docstring, which is what ``--help`` lists. Options that
several commands have are in :mod:`watchkeeper.cli.options`. The module is imported when the command is run; nothing is
imported here but what the list itself needs. A test loads every command and compares its help with the line.
"""

from watchkeeper.cli.lazy_group import Entry, EntryGroup
from watchkeeper.cli.verdict import GateCommand, VerdictCommand

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
            "watchkeeper.cli.service_commands:run_detectors",
            "Stored calls from Kafka, regressions out; start as many as there are partitions.",
        ),
        Entry(
            "explain",
            "watchkeeper.cli.explain_command:command",
            "Baselines, guards, statistics and distance to alarm of one series, as of the state saved last.",
        ),
        Entry(
            "simulate",
            "watchkeeper.cli.simulate_command:command",
            "How often the detectors alarm while nothing changes, and how soon when it does, on traffic like yours.",
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

_REQUIREMENTS = EntryGroup(
    "requirements",
    "What a route needs of its model.",
    (
        Entry(
            "show",
            "watchkeeper.cli.requirements_command:show_requirements",
            "What a route needs: what somebody stated, else what its calls show.",
        ),
        Entry(
            "set",
            "watchkeeper.cli.requirements_command:set_requirements",
            "State what a route needs, as a whole; what is left out is inferred from its calls.",
        ),
        Entry(
            "delete",
            "watchkeeper.cli.requirements_command:delete_requirements",
            "Take back what was stated of a route; all of it is inferred then.",
        ),
    ),
)

_ROUTES = EntryGroup(
    "routes",
    "Which models serve a route.",
    (
        Entry("list", "watchkeeper.cli.routes_command:list_routes", "All routes with the models that serve them."),
        Entry(
            "show",
            "watchkeeper.cli.routes_command:show_route",
            "One route: its models, shadows and fallbacks, who set them and why.",
        ),
        Entry(
            "set",
            "watchkeeper.cli.routes_command:set_route",
            "Set all weights of a route by hand, e.g. --to openai/gpt-4o=95 --to openai/gpt-4.1-mini=5.",
        ),
        Entry(
            "export",
            "watchkeeper.cli.routes_command:export_routes",
            "Print routes as LiteLLM, OpenRouter, Portkey or a shell reads them; notes go to standard error.",
        ),
        Entry(
            "watch",
            "watchkeeper.cli.routes_command:watch_routes",
            "Print the weights, and again as soon as they change, a line of JSON a route. Ends with Ctrl-C.",
        ),
        _REQUIREMENTS,
    ),
    default="list",
)

_MIGRATIONS = EntryGroup(
    "migrations",
    "Routes on their way to another model.",
    (
        Entry(
            "start",
            "watchkeeper.cli.migrations_command:start",
            'Begin a migration of a route, e.g. start chat --to openai/gpt-4o-mini --reason "a third of the cost".',
        ),
        Entry("list", "watchkeeper.cli.migrations_command:list_migrations", "All migrations and how they stand."),
        Entry(
            "show",
            "watchkeeper.cli.migrations_command:show_migration",
            "One migration: how it stands, what its phase still needs, every decision.",
        ),
        Entry(
            "promote",
            "watchkeeper.cli.migrations_command:promote",
            "On to the next phase, whatever its gate says.",
        ),
        Entry(
            "pause",
            "watchkeeper.cli.migrations_command:pause",
            "No promotion until it is resumed; triggers still roll back.",
        ),
        Entry("resume", "watchkeeper.cli.migrations_command:resume", "Go on, with the weights of the phase."),
        Entry("rollback", "watchkeeper.cli.migrations_command:rollback", "Back to the weights of before, at once."),
        Entry("cancel", "watchkeeper.cli.migrations_command:cancel", "End it, back to the weights of before."),
        Entry(
            "report",
            "watchkeeper.cli.migrations_command:report",
            "What a migration came to, as Markdown: quality, latency, cost, time, decisions.",
        ),
    ),
    default="list",
)

_ALERT_RULES = EntryGroup(
    "rules",
    "Which of it goes to which channel, and how often.",
    (
        Entry(
            "show",
            "watchkeeper.cli.alert_rules_command:show_rules",
            "The rules in force, as YAML, without secrets.",
        ),
        Entry(
            "check",
            "watchkeeper.cli.alert_rules_command:check_rules",
            "Look whether a rules file is right; asks nobody, sends nothing.",
        ),
        Entry(
            "set",
            "watchkeeper.cli.alert_rules_command:set_rules",
            "Set all rules through the API, from a file that names its secrets. Where the alerts have a file, it wins.",
        ),
    ),
    default="show",
)

_ALERTS = EntryGroup(
    "alerts",
    "Who is told of what, when, and why.",
    (
        Entry(
            "run",
            "watchkeeper.cli.alerts_command:run",
            "Regressions, notices and the clock to messages. One works, further ones stand by.",
        ),
        Entry(
            "test",
            "watchkeeper.cli.alerts_command:test_channel",
            "Send a test message to one channel of the rules; exit code 1 if it does not get through.",
        ),
        Entry(
            "list",
            "watchkeeper.cli.alerts_command:list_messages",
            "Messages, the latest first, and how their latest attempt ended.",
        ),
        Entry(
            "why",
            "watchkeeper.cli.alerts_command:why",
            "Why a regression, finding or notice was told, or was not: every decision, in its order.",
        ),
        Entry(
            "preview",
            "watchkeeper.cli.alerts_command:preview",
            "What the rules in force, or those of a file, would have sent of the past; and what not, with the reason.",
        ),
        Entry(
            "mute",
            "watchkeeper.cli.alerts_command:mute",
            "Keep silent about what fits every --where for a while. What was told is told to be over all the same.",
        ),
        Entry("unmute", "watchkeeper.cli.alerts_command:unmute", "End a mute before its time."),
        Entry(
            "mutes",
            "watchkeeper.cli.alerts_command:mutes",
            "Mutes that stand, now or later, those of the rules too.",
        ),
        Entry(
            "acknowledge",
            "watchkeeper.cli.alerts_command:acknowledge",
            "Say that somebody looks after it: no repeats, no escalation. What gets worse is told, and the end.",
        ),
        _ALERT_RULES,
    ),
)

_GRAFANA = EntryGroup(
    "grafana",
    "Dashboards and alert rules in a Grafana that is there.",
    (
        Entry(
            "diff",
            "watchkeeper.cli.grafana_command:diff",
            "How a Grafana differs from what a push would make of it; exit code 1 if it does.",
        ),
        Entry(
            "push",
            "watchkeeper.cli.grafana_command:push",
            "Put data source, folder, dashboards and alert rules into a Grafana; exit code 1 if something was left.",
        ),
        Entry(
            "check",
            "watchkeeper.cli.grafana_command:check",
            "Run the query of every panel on the store; exit code 1 if one fails or has nothing to show.",
        ),
    ),
)

_COMPARISONS = EntryGroup(
    "comparisons",
    "Comparisons that recur.",
    (
        Entry(
            "list",
            "watchkeeper.cli.comparisons_command:list_comparisons",
            "Comparisons that recur, and how each stands.",
        ),
        Entry(
            "show",
            "watchkeeper.cli.comparisons_command:show_comparison",
            "What a comparison found, the latest first.",
        ),
        Entry(
            "set",
            "watchkeeper.cli.comparisons_command:set_comparison",
            "Make a comparison that recurs, or change it as a whole; periods end when it is due.",
        ),
        Entry(
            "run",
            "watchkeeper.cli.comparisons_command:run",
            "Compare now; the result counts as one of its times.",
        ),
        Entry(
            "delete",
            "watchkeeper.cli.comparisons_command:delete",
            "Remove a comparison; its results stay.",
        ),
    ),
    default="list",
)

COMMANDS = (
    Entry(
        "up",
        "watchkeeper.cli.service_commands:run_up",
        "One process: OTLP in, embedded store, API out. Ends cleanly on Ctrl-C or SIGTERM.",
    ),
    Entry(
        "collector",
        "watchkeeper.cli.service_commands:run_collector",
        "Kafka to ClickHouse; start as many as there are partitions.",
    ),
    Entry("gateway", "watchkeeper.cli.service_commands:run_gateway", "OTLP in, Kafka out."),
    Entry("api", "watchkeeper.cli.service_commands:run_api", "The API alone, on a ClickHouse server."),
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
    Entry(
        "compare",
        "watchkeeper.cli.compare_command:command",
        "Two cohorts of calls by metric: better, not worse, worse, or cannot tell.",
        GateCommand,
    ),
    _COMPARISONS,
    _COSTS,
    _MODELS,
    _BUDGETS,
    Entry(
        "advise",
        "watchkeeper.cli.advise_command:command",
        "Per route: stay, re-route or migrate, with the evidence, what it saves and the next step.",
    ),
    _MIGRATIONS,
    _ROUTES,
    _TOPICS,
    _DLQ,
    _DETECTORS,
    _REGRESSIONS,
    _ALERTS,
    _GRAFANA,
    _KEYS,
    Entry(
        "audit",
        "watchkeeper.cli.audit_command:command",
        "Writes through the API, the newest first; of the last 7 days unless told otherwise.",
    ),
)
