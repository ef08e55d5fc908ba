"""What is said of a study's bones, by whom, and what of it counts; plain values without a database or a Data Set.

::

    said = interpret(document, known, mappings)  # an SR or a Key Object Selection to what it says
    label = effective(statements, rules)  # all statements on a study to the one label that counts
"""
