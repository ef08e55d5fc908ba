"""The worker: claims studies, reads them in batches, and leaves a report or a stated reason for each.

``wiring`` makes a worker from settings, ``loop`` runs it, ``batch`` reads, ``settle`` writes.
"""
