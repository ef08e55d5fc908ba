"""The command line, one file per noun; it imports the rest of the program only when a command runs."""

from osteo_pacs.cli.app import app, main

__all__ = ["app", "main"]
