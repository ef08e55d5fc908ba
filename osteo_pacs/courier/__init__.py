"""The courier process: reports on their way to their destinations, each destination on its own."""

from osteo_pacs.courier.loop import run_courier

__all__ = ["run_courier"]
