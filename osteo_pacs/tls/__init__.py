"""DICOM over TLS: what the listener and the courier share of it (PS3.15 B.12, BCP 195).

    files -> contexts -> renewal
             certificates, words, sockets

Both sides show a certificate, or there is no connection. Nothing here knows an AE title.
"""
