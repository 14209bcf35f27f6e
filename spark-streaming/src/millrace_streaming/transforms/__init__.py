"""Pure: Columns in, Columns out. One file per family of metrics."""
