"""The result as the documents that go back to the PACS: TID 1500 measurement report and its twin in plain text.

A study's result becomes Content Items (``content``, ``text_twin``), these become bytes (``encoding``), and a
header is put around them that repeats the source's patient, study and request (``source``, ``header``)::

    documents = build_documents(result, headers, kinds=kinds, revision=1, ...)
"""

from osteo_pacs.report.build import build_documents
from osteo_pacs.report.document import DocumentKind, ReportDocument
from osteo_pacs.report.view import reader_view

__all__ = ["DocumentKind", "ReportDocument", "build_documents", "reader_view"]
