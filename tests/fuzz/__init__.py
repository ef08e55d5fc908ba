"""What bytes of strangers may never do, as functions of bytes that raise on a defect alone.

    from fuzz.targets import TARGETS
    TARGETS["header_scan"](data)

``make fuzz`` searches for such bytes; the tests replay what is in ``corpus``, a folder for each target.
"""
