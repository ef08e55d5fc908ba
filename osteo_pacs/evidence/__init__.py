"""What a model can and cannot do, in figures with intervals: statistics, charts and pages, without a model.

``rows`` is one line for each patient; ``resample`` draws patients again, ``measures`` and ``delong`` judge every
draw at once, ``summary`` makes the figures of a whole test set, ``goals`` judges them, ``card`` and ``comparison``
write what people read. Nothing here imports torch, and nothing here looks at a picture.
"""
