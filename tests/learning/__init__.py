"""Installations with labelled studies, for tests of what is learned from."""

from learning.installation import Hospital, hospital_at

__all__ = ["Hospital", "hospital_at"]
