"""Dataflows as reviewed files: written from what there is, and applied so that what there is equals the file."""
