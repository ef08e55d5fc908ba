"""The result as the documents that go back to the PACS: TID 1500 measurement report, its twin in text, a picture.

A study's result becomes Content Items (``content``, ``text_twin``), these become bytes (``encoding``), and a
header is put around them that repeats the source's patient, study and request (``source``, ``header``). The
picture is drawn (``picture_panels``, ``picture_page``) before the report that refers to it::

    documents = build_documents(result, headers, kinds=kinds, revision=1, ...)
"""

from osteo_pacs.report.build import build_documents
from osteo_pacs.report.document import DocumentKind, ReportDocument
from osteo_pacs.report.picture import Explanation
from osteo_pacs.report.view import reader_view

__all__ = ["DocumentKind", "Explanation", "ReportDocument", "build_documents", "reader_view"]
