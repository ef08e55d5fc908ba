"""The queue: what is to be done, by whom, and what became of it. Only this package writes a job's state."""
