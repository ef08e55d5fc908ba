"""What a model is worth, read on the worker's own way.

``test_set`` simulates what no training has seen, ``reading`` takes pictures through the worker's decoder and
model, ``evaluate`` makes the evidence of one bundle, ``candidate`` reads a data set's test part for the gate.
"""
