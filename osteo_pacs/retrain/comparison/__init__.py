"""The 21-layer CNN beside the paper's four other ``networks``, all taught by the same plain ``learning``."""
