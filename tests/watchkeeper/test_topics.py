"""Topics as they are made, and under the names that are configured."""

from watchkeeper.cli.wiring import configured_topics
from watchkeeper.settings import Settings
from watchkeeper.topics import LLM_CALLS, LLM_REGRESSIONS, OTLP_LOGS, OTLP_SPANS, TOPICS


def test_each_topic_has_a_meaning_and_bounds() -> None:
    assert [topic.name for topic in TOPICS] == [OTLP_SPANS, OTLP_LOGS, LLM_CALLS, LLM_REGRESSIONS]
    assert all(topic.meaning and topic.partitions > 0 and topic.retention_hours > 0 for topic in TOPICS)


def test_configured_names_keep_the_kind_of_topic() -> None:
    settings = Settings.load(
        kafka_topics="a,b", kafka_log_topics="c", kafka_calls_topic="d", kafka_regressions_topic="e"
    )
    found = configured_topics(settings)
    assert [topic.name for topic in found] == ["a", "b", "c", "d", "e"]
    assert [topic.partitions for topic in found] == [12, 12, 3, 12, 3]


def test_what_is_not_published_needs_no_topic() -> None:
    settings = Settings.load(kafka_calls_topic="", kafka_regressions_topic="")
    assert [topic.name for topic in configured_topics(settings)] == [OTLP_SPANS, OTLP_LOGS]
