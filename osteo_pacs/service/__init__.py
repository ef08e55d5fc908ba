"""The composition root: from settings to wired processes, and the supervisor that keeps them running.

``supervisor`` starts the others; ``listener``, ``worker``, ``courier``, ``scheduler`` and, on demand, ``trainer``
are one process each, and each imports only what it needs.
"""
