"""The audit trail's messages (PS3.15 A.5): values, what is written when, the hash chain, XML and syslog. No I/O.

    record = events.report_sent(...)        # a value, without a patient's name or ID
    chain.link(previous, content)           # the hash under which its row is kept
    message.to_xml(record)                  # what an Audit Record Repository reads

``osteo_pacs.db.audit`` keeps the records; ``docs/reference/audit.md`` lists them.
"""
