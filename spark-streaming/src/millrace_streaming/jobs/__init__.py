"""One file per entry; wiring only."""
