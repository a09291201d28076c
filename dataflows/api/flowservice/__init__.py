"""``/data/foundation/flowservice``: connections, flows and runs."""
