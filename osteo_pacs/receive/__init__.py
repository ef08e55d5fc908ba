"""C-STORE in: who may talk, what is kept, and when a study is complete.

    listener -> server -> association -> store -> ledger

``completeness`` is the scheduler's. Nothing here decodes a pixel.
"""
