"""Bad inputs and their answers: one row for each, for tests that lay them before a listener.

    for row in TABLE:
        assert row.attack(gate) == row.answer

``docs/reference/bad-input.md`` shows the same table.
"""
