"""The standard's words: UIDs, codes, SOP Classes, statuses and the tolerant reading of one header. No I/O."""
