"""``/data/foundation/schemaregistry``: schemas, field groups, classes and identity descriptors."""
