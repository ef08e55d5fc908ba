"""A worker beside the PACS: spine DXA studies in by C-STORE, a DICOM Structured Report back.

A study travels one way, and the packages are named after its stations::

    receive -> spool + db -> jobs -> select -> infer -> report -> jobs -> deliver

``service`` wires the stations into processes, ``cli`` is what people type.
"""

__version__ = "0.1.0"
