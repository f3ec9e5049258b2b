"""Where a report keeps which rows are in which slice."""

SLICES = "slices.parquet"
"""A row each, with `id` and a boolean column a slice, in a report's folder."""
