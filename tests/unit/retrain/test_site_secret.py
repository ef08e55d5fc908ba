from osteo_pacs.retrain.data_set import site_secret
from osteo_pacs.retrain.data_set.site_secret import SiteSecret


def test_a_new_secret_is_on_the_disk_before_it_names_anybody(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(site_secret, "sync", synced.append)
    SiteSecret.open(tmp_path / "key")
    assert synced == [tmp_path]


def test_the_secret_stays_the_one_that_was_made_first(tmp_path):
    first, again = (SiteSecret.open(tmp_path / "key") for _ in range(2))
    assert first.name("patient", "one") == again.name("patient", "one")
    assert SiteSecret.open(tmp_path / "another").name("patient", "one") != first.name("patient", "one")
