"""Training models and judging them: trainings, the locked test set, the evidence, the comparison of networks.

``test_set`` simulates what no training has seen; ``reading`` takes pictures through the worker's own decoder and
model; ``evaluate`` makes the evidence; ``networks``, ``training`` and ``compare`` put the 21-layer CNN beside the
networks of the paper that it comes from. ``label_import`` brings a file's labels in; ``data_set`` makes a data set
of labelled studies, ``data_set_folder`` says where it lies.

``trainer`` carries a training out: ``datasets`` says whether it can be trained on, ``lineage`` begins a candidate
in a ``workspace``, ``process`` starts ``workflow``, which runs MONAI, and ``registry`` takes what comes of it.
``judging`` reads a data set's test part with a candidate and the active model for the gate.
"""
