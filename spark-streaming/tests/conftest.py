"""One Spark session for all tests that need one in this process; Kafka is not needed for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace_streaming.config import read_config
from millrace_streaming.session import open_session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    import os

    home = os.environ.get("MILLRACE_HOME") or str(Path(__file__).resolve().parents[2] / ".millrace")
    config = read_config({**os.environ, "MILLRACE_HOME": home, "MILLRACE_SPARK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"})
    session = open_session(config)
    yield session
    session.stop()
