"""The sections of ``config.toml`` that listen or connect."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from osteo_pacs.config.sections import AETitle, Count, MebiBytes, Port, Seconds, Section
from osteo_pacs.config.security import certificate_key, complaints, is_loopback

CertificateKey = Annotated[str, AfterValidator(certificate_key)]
AETitles = Annotated[tuple[AETitle, ...], Field(min_length=1)]


class Listener(Section):
    """Who is listened to, and within which limits."""

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 is every interface.")
    port: Port = Field(11112, description="TCP port of the listener.")
    ae_title: AETitle = Field(
        "OSTEO_PACS", description="Our AE title, 1 to 16 characters; other called AE titles are rejected."
    )
    processes: Count = Field(1, description="Listener processes that share the port.")
    calling_ae_titles: tuple[AETitle, ...] = Field(
        (), description="Calling AE titles that may associate; an empty list is everyone, on loopback only."
    )
    addresses: tuple[str, ...] = Field(
        (),
        description="Peer addresses or networks that may connect; an empty list is everyone, on loopback only.",
    )
    max_associations: Count = Field(50, description="Associations at once, in one listener process.")
    max_associations_per_peer: Count = Field(20, description="Associations at once from one address.")
    idle_timeout_s: Seconds = Field(60, description="Seconds without a message before an association is aborted.")
    pdu_timeout_s: Seconds = Field(30, description="Seconds within which a PDU that was begun must be complete.")
    max_instance_mib: MebiBytes = Field(64, description="Largest Data Set that is accepted, in MiB.")
    tls_certificate: Path | None = Field(
        None, description="Our certificate with its chain, PEM; left out: plain DICOM is spoken."
    )
    tls_key: Path | None = Field(None, description="Private key of our certificate, PEM without a password.")
    tls_ca: Path | None = Field(
        None, description="Certificates of the authorities that issue the peers' certificates, PEM."
    )
    tls_ae_titles: dict[CertificateKey, AETitles] = Field(
        {},
        description="Calling AE titles by the name, or sha256: fingerprint, of the certificate that may use them.",
    )
    allow_plain: bool = Field(
        False, description="Whether plain DICOM may be spoken off loopback, where it can be read and changed."
    )

    @property
    def local_host(self) -> str:
        """Where this machine itself reaches the listener."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared only

    @property
    def takes_this_machine(self) -> bool:
        """Whether ``addresses`` lets this machine itself connect, as `send` and `doctor` do."""
        try:
            host = self.local_host
            ours = ipaddress.ip_address(host if ":" in host else socket.gethostbyname(host))
        except OSError:
            # A host that cannot be found is told by whoever connects.
            return True
        networks = [ipaddress.ip_network(address, strict=False) for address in self.addresses]
        return not networks or any(ours in network for network in networks)

    @field_validator("addresses")
    @classmethod
    def _are_networks(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        for address in addresses:
            try:
                ipaddress.ip_network(address, strict=False)
            except ValueError:
                raise ValueError(f"{address!r} is no address and no network, as 10.1.2.3 or 10.1.2.0/24") from None
        return addresses

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if mistakes := list(self._mistakes()):
            raise ValueError("; ".join(mistakes))
        return self

    def _mistakes(self) -> Iterator[str]:
        if not is_loopback(self.host) and not (self.calling_ae_titles and self.addresses):
            yield (
                f"the listener would talk to every peer that reaches {self.host}; list the scanners in "
                "[listener] calling_ae_titles and addresses, or listen on 127.0.0.1"
            )
        yield from complaints(self, idle_without_tls={"tls_ae_titles": self.tls_ae_titles})
        if self.tls_certificate is not None and not self.tls_ae_titles:
            yield (
                "with an empty tls_ae_titles no certificate may use an AE title; "
                'write { "scanner.example" = ["SCANNER"] }'
            )


class Destination(Section):
    """A PACS that gets the reports."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,32}$")] = Field(
        description="Name in the queue and the logs: small letters, digits, - and _."
    )
    host: str = Field(description="Address of the PACS.")
    port: Port = Field(description="TCP port of the PACS.")
    ae_title: AETitle = Field(description="AE title of the PACS, 1 to 16 characters.")
    calling_ae_title: AETitle | None = Field(
        None, description="How we call ourselves there; left out: the listener's."
    )
    sr_sop_class: Literal["auto", "88.34", "88.33", "88.22"] = Field(
        "auto",
        description="SOP Class of the SR; auto is Comprehensive 3D SR where accepted, else Comprehensive SR.",
    )
    text_twin: bool = Field(
        True, description="Send a Basic Text SR too, for viewers that show TID 1500 without words."
    )
    picture: bool = Field(
        True, description="Send a picture too, the image beside what drove its result; the SR refers to it."
    )
    report_on_refusal: Literal["always", "quality_only", "never"] = Field(
        "quality_only", description="Whether a study that could not be read is answered with an SR."
    )
    connect_timeout_s: Seconds = Field(10, description="Seconds for the connection and the association.")
    send_timeout_s: Seconds = Field(60, description="Seconds within which one report must be sent and answered.")
    tls_certificate: Path | None = Field(
        None, description="Our certificate there with its chain, PEM; left out: plain DICOM is spoken."
    )
    tls_key: Path | None = Field(None, description="Private key of that certificate, PEM without a password.")
    tls_ca: Path | None = Field(
        None, description="Certificates of the authorities that issue the PACS's certificate, PEM."
    )
    tls_server_name: str | None = Field(
        None, description="Name that the PACS's certificate must have; left out: host."
    )
    allow_plain: bool = Field(
        False, description="Whether plain DICOM may be spoken off loopback, where it can be read and changed."
    )

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if mistakes := list(complaints(self, idle_without_tls={"tls_server_name": self.tls_server_name})):
            raise ValueError("; ".join(mistakes))
        return self
