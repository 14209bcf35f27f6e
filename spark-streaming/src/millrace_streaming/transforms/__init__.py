"""What an event adds to the metrics, as data. One file per family of metrics."""
