from __future__ import annotations

from datetime import UTC, datetime

import pytest

from osteo_pacs.config.network import Listener
from osteo_pacs.receive.admission import Admission, Rejection
from osteo_pacs.receive.pdu import APPLICATION_CONTEXT, AssociateRequest
from osteo_pacs.tls.certificates import Certificate

CERTIFICATE = Certificate(
    ("scanner.example",), "3f" * 32, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
)
TLS = {"tls_certificate": "a.pem", "tls_key": "a.key", "tls_ca": "ca.pem"}
REQUEST = AssociateRequest(1, "OSTEO_PACS", "SCANNER", APPLICATION_CONTEXT)


def admission(*, has_space: bool = True, **rules: object) -> Admission:
    return Admission(Listener(**rules), has_space=lambda: has_space)


@pytest.mark.parametrize(
    ("address", "is_known"),
    [
        ("10.1.2.3", True),
        ("10.2.0.1", False),
        ("192.168.1.7", True),
        ("192.168.1.8", False),
        ("::ffff:10.1.2.3", True),
        ("fd00::1", True),
        ("fe80::1%eth0", False),
    ],
)
def test_addresses_are_those_of_the_list(address, is_known):
    rules = admission(addresses=["10.1.0.0/16", "192.168.1.7", "fd00::/8"])
    assert rules.knows_address(address) == is_known


def test_without_a_list_every_address_is_known():
    assert admission().knows_address("10.1.2.3")


def test_a_place_is_taken_and_given_back():
    rules = admission(max_associations=2, max_associations_per_peer=1)
    assert rules.enter(REQUEST, "a") is None
    assert rules.enter(REQUEST, "a") is Rejection.LOCAL_LIMIT
    assert rules.enter(REQUEST, "b") is None
    assert rules.enter(REQUEST, "c") is Rejection.LOCAL_LIMIT
    rules.leave("a")
    assert rules.enter(REQUEST, "c") is None


def test_a_rejected_request_takes_no_place():
    rules = admission(max_associations=1, calling_ae_titles=["OTHER"])
    assert rules.enter(REQUEST, "a") is Rejection.CALLING_AE_TITLE
    allowed = AssociateRequest(1, "OSTEO_PACS", "OTHER", APPLICATION_CONTEXT)
    assert rules.enter(allowed, "a") is None


def test_a_full_disk_rejects_for_a_while():
    assert admission(has_space=False).enter(REQUEST, "a") is Rejection.DISK_SPACE
    assert Rejection.DISK_SPACE.result_source_reason == (2, 3, 2)
    assert Rejection.LOCAL_LIMIT.result_source_reason == (2, 3, 2)


def test_a_listener_that_ends_rejects_for_a_while():
    rules = admission()
    rules.close()
    assert rules.enter(REQUEST, "a") is Rejection.TEMPORARY_CONGESTION


@pytest.mark.parametrize(
    ("bound", "rejection"),
    [
        ({"scanner.example": ["OTHER", "SCANNER"]}, None),
        ({f"sha256:{'3f' * 32}": ["SCANNER"]}, None),
        ({"scanner.example": ["OTHER"], f"sha256:{'3f' * 32}": ["SCANNER"]}, None),
        ({"scanner.example": ["OTHER"]}, Rejection.CERTIFICATE),
        ({"example": ["SCANNER"], f"sha256:{'4f' * 32}": ["SCANNER"]}, Rejection.CERTIFICATE),
    ],
)
def test_under_tls_an_ae_title_is_its_certificate_s(bound, rejection):
    assert admission(tls_ae_titles=bound, **TLS).enter(REQUEST, "a", CERTIFICATE) is rejection


def test_under_tls_no_one_enters_without_a_certificate():
    rules = admission(tls_ae_titles={"scanner.example": ["SCANNER"]}, **TLS)
    assert rules.enter(REQUEST, "a") is Rejection.CERTIFICATE
    assert Rejection.CERTIFICATE.result_source_reason == (1, 1, 3)


def test_under_tls_the_list_of_ae_titles_counts_too():
    rules = admission(tls_ae_titles={"scanner.example": ["SCANNER"]}, calling_ae_titles=["OTHER"], **TLS)
    assert rules.enter(REQUEST, "a", CERTIFICATE) is Rejection.CALLING_AE_TITLE
