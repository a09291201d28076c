"""``/data/foundation/conversion``: mapping sets, the functions and operators of the mapping language, previews."""
