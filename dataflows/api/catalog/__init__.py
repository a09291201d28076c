"""``/data/foundation/catalog``: datasets, and the batches that were loaded into them."""
