"""The schema of audit messages, written in RELAX NG's XML syntax after the text of PS3.15 A.5.1."""

from functools import cache
from pathlib import Path

from lxml import etree


@cache
def _schema() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(Path(__file__).with_name("audit-message.rng")))


def parsed(xml: str | bytes) -> etree._Element:
    """The message, if it is valid.

    Raises:
        AssertionError: it is not; with the reason.
    """
    message = etree.fromstring(xml)
    assert _schema().validate(message), _schema().error_log
    return message
