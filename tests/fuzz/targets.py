"""Every target by its name; ``python -m fuzz.targets`` lists them."""

from __future__ import annotations

from collections.abc import Callable

from fuzz.conversation import conversation
from fuzz.header_scan import header_scan
from fuzz.pictures import decoding_process, false_answers, pictures

TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (header_scan, conversation, pictures, decoding_process, false_answers)
}


if __name__ == "__main__":
    print(*TARGETS, sep="\n")  # noqa: T201 - what `make fuzz` goes through
