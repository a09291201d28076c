"""``/data/foundation/export``: what a batch read, what it could not load, the files and rows of a dataset."""
