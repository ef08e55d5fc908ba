"""Data sets: pictures without their patients, in parts that share nobody.

``build`` makes one of labelled studies and ``wiring`` hands it its decoder and secret; ``folder`` says where one
lies, ``manifest`` what is in it, ``checked`` whether it can be trained on.
"""
