"""Dataflows as reviewed files: written from what there is, and applied so that what there is equals the file.

What a file does not name is left alone: other objects, and of an object it names the keys that it leaves out.
"""
