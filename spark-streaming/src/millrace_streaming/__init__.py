"""Windowed metrics of a shop's event stream: Kafka in, `metrics.windows.v1` out, on PySpark."""
