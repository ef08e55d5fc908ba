"""The composition root: from settings to wired processes, and the supervisor that keeps them running.

``supervisor`` starts the others; ``listener``, ``worker``, ``courier`` and ``scheduler`` are one process each, and
each imports only what it needs.
"""
