"""The whole service under load while its processes are killed and frozen and its peers let go, and a checker.

    with Turmoil(folder, database_url=url, seed=seed) as turmoil:
        for mishap in MISHAPS:
            assert turmoil.round(mishap, studies=4) == []

``load`` sends simulated studies until each instance has its Success, ``mishaps`` happen meanwhile, ``archive`` is
what the PACS got, ``checker`` says what was lost, ``turmoil`` puts a round together. ``soak`` is behind
``make soak``: ``hostile`` peers beside the honest ones, ``figures`` of every process.
"""
