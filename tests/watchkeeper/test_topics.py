"""Topics as they are made, and under the names that are configured."""

from watchkeeper.cli.wiring import configured_topics
from watchkeeper.settings import Settings
from watchkeeper.topics import LLM_CALLS, OTLP_LOGS, OTLP_SPANS, TOPICS


def test_each_topic_has_a_meaning_and_bounds() -> None:
    assert [topic.name for topic in TOPICS] == [OTLP_SPANS, OTLP_LOGS, LLM_CALLS]
    assert all(topic.meaning and topic.partitions > 0 and topic.retention_hours > 0 for topic in TOPICS)


def test_configured_names_keep_the_kind_of_topic() -> None:
    settings = Settings.load(kafka_topics="a,b", kafka_log_topics="c", kafka_calls_topic="d")
    found = configured_topics(settings)
    assert [topic.name for topic in found] == ["a", "b", "c", "d"]
    assert [topic.partitions for topic in found] == [12, 12, 3, 12]


def test_calls_that_are_not_published_need_no_topic() -> None:
    assert [topic.name for topic in configured_topics(Settings.load(kafka_calls_topic=""))] == [OTLP_SPANS, OTLP_LOGS]
