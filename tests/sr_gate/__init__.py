"""The gate for every SR that the program writes: real validators, real readers, and the rules of IHE and viewers.

    findings = judge({"positive": path})["positive"]
    assert findings == {}

A finding is what a validator says that is not explained in this package; a validator that is not installed fails
the test with the command that installs it.
"""

from sr_gate.gate import judge

__all__ = ["judge"]
