"""Trainings: a process of their own each, which may end at any time and is taken up again.

``trainer`` carries one out: ``lineage`` begins a candidate in a ``workspace``, ``process`` starts ``workflow``,
which runs MONAI and looks at ``steps`` whether it should end.
"""
