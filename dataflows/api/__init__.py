"""The Flow Service API and its neighbours, in the shapes of Adobe Experience Platform.

One package per service; this level holds what they share: who asks (``authentication``), what is refused and how
(``errors``, ``refusals``), lists (``filters``, ``listing``), changes (``etags``, ``patches``).
"""
