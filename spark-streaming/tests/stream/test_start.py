"""The job is started before its broker and topics are there."""

from __future__ import annotations

import uuid

import pytest

from millrace_streaming.config import read_config
from millrace_streaming.errors import KafkaNotReadyError
from millrace_streaming.sources import require_topics
from tests.support import brokers, prepare_lane, remove_lane


def test_topics_that_are_missing_are_named_until_they_are_there() -> None:
    lane = f"early{uuid.uuid4().hex[:8]}"
    config = read_config({"MILLRACE_LANE": lane, "MILLRACE_KAFKA_BROKERS": brokers()})
    with pytest.raises(KafkaNotReadyError, match=rf"{lane}\.metrics\.windows\.v1.*millrace topics create") as caught:
        require_topics(config)
    assert caught.value.retriable
    prepare_lane(lane)
    try:
        require_topics(config)
    finally:
        remove_lane(lane)


def test_a_broker_that_is_away_is_told_from_a_missing_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("millrace_streaming.sources._LOOK_S", 0.5)
    with pytest.raises(KafkaNotReadyError, match="does not answer"):
        require_topics(read_config({"MILLRACE_KAFKA_BROKERS": "127.0.0.1:1"}))
