"""The main job from end to end on this machine: a simulated study in by C-STORE, a Structured Report back."""

from osteo_pacs.demo.story import Story, run_demo

__all__ = ["Story", "run_demo"]
