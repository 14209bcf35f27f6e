"""The fraud model: dataset and labels as known, split by time, training, quality, registry."""

DAY = 86_400_000
"""In ms."""
DECISIONS = ("ALLOW", "REVIEW", "DECLINE")
"""From the mildest to the hardest; the place is the decision's code in the JVM (Decision in Scorer.scala)."""
