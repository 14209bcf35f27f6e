"""The fraud model: dataset and labels as known, split by time, training, quality, registry."""
