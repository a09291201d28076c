"""How fast events move from Mixpanel to a dataset, against the physical limit and a plain script: ``make bench``."""
