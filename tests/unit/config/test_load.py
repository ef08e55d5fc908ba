from __future__ import annotations

from pathlib import Path

import pytest

from osteo_pacs import shipped
from osteo_pacs.config import Settings, find_config, load
from osteo_pacs.errors import ConfigurationError

PACS = '[[destinations]]\nname = "pacs"\nhost = "10.0.0.7"\nport = 104\nae_title = "PACS"\n'


@pytest.fixture
def write(tmp_path: Path):
    def write_config(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_config


def mistakes_in(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return str(caught.value)


def test_an_empty_file_gives_the_defaults(write):
    settings = load(write(""))
    assert (settings.listener.host, settings.listener.port) == ("127.0.0.1", 11112)
    assert settings.destinations == ()


def test_without_rules_those_of_the_shipped_file_are_meant(write):
    assert load(write("")).selection == load(shipped.CONFIG).selection
    assert load(write("[selection]\nrules = []")).selection.rules == ()


def test_the_shipped_file_can_be_used():
    settings = load(shipped.CONFIG)
    assert [rule.name for rule in settings.selection.rules if rule.read]


def test_a_file_sets_what_it_names(write):
    settings = load(write(f"[listener]\nport = 104\n{PACS}"))
    assert settings.listener.port == 104
    assert [(d.name, d.host) for d in settings.destinations] == [("pacs", "10.0.0.7")]


def test_settings_are_frozen(write):
    settings = load(write(""))
    with pytest.raises(ValueError, match="frozen"):
        settings.listener.port = 1


# -- which file


def test_the_option_wins_over_the_environment_and_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("config.toml", "environment.toml", "option.toml"):
        (tmp_path / name).touch()
    environment = {"OSTEO_PACS_CONFIG": "environment.toml"}
    assert find_config(Path("option.toml"), environment).name == "option.toml"
    assert find_config(None, environment).name == "environment.toml"
    assert find_config(None, {}).name == "config.toml"


def test_a_file_that_is_not_there_is_named_with_its_remedy(tmp_path):
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml is not there") as caught:
        find_config(tmp_path / "nowhere.toml", {})
    assert "config init" in caught.value.remedy


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert "cannot be read" in mistakes_in(tmp_path)


@pytest.mark.parametrize("text", ["[listener", "port = \n", "\xff\xfe"])
def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path, text):
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    assert f"{path} is no TOML" in mistakes_in(path)


# -- the environment


def test_the_environment_wins_over_the_file(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__PORT", "104")
    settings = load(write('[listener]\nport = 9\nae_title = "KEPT"\n'))
    assert (settings.listener.port, settings.listener.ae_title) == (104, "KEPT")


def test_a_list_in_the_environment_is_json(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__CALLING_AE_TITLES", '["DXA1", "DXA2"]')
    assert load(write("")).listener.calling_ae_titles == ("DXA1", "DXA2")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OSTEO_PACS__LISTENER__CALLING_AE_TITLES", "DXA1,DXA2"),
        ("OSTEO_PACS__LISTENER", "no table"),
        ("OSTEO_PACS__DESTINATIONS", "pacs"),
    ],
)
def test_a_list_in_the_environment_that_is_no_json_is_named(write, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    assert f"{variable}: a list or a table in the environment is written as JSON" in mistakes_in(write(""))


def test_a_variable_of_an_unknown_section_is_a_mistake(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTNER__PORT", "104")
    monkeypatch.setenv("OSTEO_PACS__WORKER__BATCHSIZE", "4")
    message = mistakes_in(write(""))
    assert "OSTEO_PACS__LISTNER__PORT: there is no section [listner]; did you mean listener?" in message
    assert "batchsize: there is no such key; did you mean batch_size?" in message


def test_a_bad_value_in_the_environment_is_a_mistake(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__LISTENER__PORT", "70000")
    assert "[listener] port = '70000'" in mistakes_in(write(""))


# -- mistakes


def test_every_mistake_is_named_at_once(write):
    message = mistakes_in(
        write(
            '[listner]\nport = 1\n[listener]\nprot = 3\nport = "x"\n[worker]\ndevice = "tpu"\nbatch_size = 0\n'
            '[[destinations]]\nname = "A B"\n[[selection.rules]]\nname = "r"\nwhen = [{attribute = "age"}]\n'
        )
    )
    for mistake in (
        "listner: there is no such key; did you mean listener?",
        "[listener] prot: there is no such key; did you mean port?",
        "[listener] port = 'x'",
        "[worker] device = 'tpu': must be 'auto', 'cpu' or 'cuda'",
        "[worker] batch_size = 0: must be at least 1",
        "[[destinations]] A B, name = 'A B': must be 1 to 32 small letters, digits, - and _",
        "[[destinations]] A B, host: is missing. Address of the PACS.",
        "[[selection.rules]] r, when number 1, attribute = 'age': must be a keyword of PS3.6",
        "[[selection.rules]] r, read: is missing",
    ):
        assert mistake in message


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ('[listener]\nhost = "0.0.0.0"\nport = "x"', ["[listener] port", "list the scanners"]),
        ("[completeness]\nquiet_s = 900\nmax_wait_s = 10\nquite_s = 1", ["quite_s", "is longer than max_wait_s"]),
        (f'{PACS}{PACS}sr_sop_class = "x"\n[worker]\nx = 1', ["sr_sop_class", "[worker] x", "are called pacs"]),
        (f'{PACS}[[destinations]]\nname = "pacs"', ["host: is missing", "are called pacs"]),
        (
            f'[worker]\nx = 1\n{PACS.replace("104", "0")}[listener]\nhost = "::"',
            ["[worker] x", "port = 0", "list the scanners"],
        ),
    ],
)
def test_a_wrong_value_does_not_hide_what_several_keys_say_together(write, text, mistakes):
    message = mistakes_in(write(text))
    assert [mistake for mistake in mistakes if message.count(mistake) != 1] == []


def test_a_variable_that_is_no_json_does_not_hide_the_mistakes_of_the_file(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__DESTINATIONS", "x")
    message = mistakes_in(write(f"[listener]\nprot = 3\n[worker]\nbatch_size = 0\n{PACS}{PACS}"))
    for mistake in ("OSTEO_PACS__DESTINATIONS: ", "did you mean port?", "batch_size = 0", "are called pacs"):
        assert mistake in message


def test_each_mistake_is_a_value_of_its_own(write):
    with pytest.raises(ConfigurationError) as caught:
        load(write("[listener]\nprot = 3\n[worker]\nbatch_size = 0\n"))
    assert [mistake.partition(":")[0] for mistake in caught.value.mistakes] == [
        "[listener] prot",
        "[worker] batch_size = 0",
    ]
    assert "config check" in caught.value.remedy


def test_further_looks_see_the_tables_with_the_environment(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__MODEL__BUNDLE", "x")
    path = write('[listener]\nport = 9\n[model]\nbundle = "y"\n')
    with pytest.raises(ConfigurationError) as caught:
        load(path, looks=[lambda tables: [str(tables["model"]), str(tables["listener"])]])
    assert caught.value.mistakes == ("{'bundle': 'x'}", "{'port': 9}")


def test_a_mistake_carries_the_sentence_of_its_key(write):
    assert "Studies that one prediction takes at most." in mistakes_in(write("[worker]\nbatch_size = 0\n"))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('listener = "x"', "[listener]"),
        ("destinations = 3", "[destinations]"),
        ('[listener]\nae_title = "SEVENTEEN_LETTERS"', "[listener] ae_title"),
        ('[listener]\nae_title = "A\\\\B"', "[listener] ae_title"),
        ('[listener]\naddresses = ["10.1.2.0/24", "the scanner"]', "'the scanner' is no address and no network"),
        ("[completeness]\nquiet_s = 0", "[completeness] quiet_s = 0: must be above 0"),
        ("[completeness]\nquiet_s = 900\nmax_wait_s = 10", "quiet_s = 900 is longer than max_wait_s = 10"),
        ("[completeness]\nmax_wait_s = 5", "quiet_s = 10 is longer than max_wait_s = 5"),
        ('[listener]\ncalling_ae_titles = ["A", "SEVENTEEN_LETTERS"]', "[listener] calling_ae_titles number 2 ="),
        ("[[destinations]]\nhost = 3", "[[destinations]] number 1, host = 3: is no text"),
        ("destinations = [3]", "[[destinations]] number 1: is no table"),
        ('[database]\nurl = "sqlite:///"', "name a file"),
        ('[database]\nurl = "sqlite:///:memory:"', "name a file"),
        ('[database]\nurl = "sqlite://"', "is of no kind that this program knows. SQLAlchemy URL: sqlite:///FILE"),
        (PACS + PACS, "two destinations are called pacs"),
        (f'{PACS}sr_sop_class = "88.11"', "[[destinations]] pacs, sr_sop_class"),
        ('[[selection.rules]]\nwhen = [{attribute = "Rows", matches = "("}]', "is no regular expression"),
        ('[[selection.rules]]\nwhen = [{attribute = "Rows"}]', "a condition needs one of"),
    ],
)
def test_what_cannot_work_is_refused(write, text, mistake):
    assert mistake in mistakes_in(write(text))


@pytest.mark.parametrize(
    "text",
    [
        '[database]\nurl = "mysql://osteo:s3cret@db/osteo"',
        '[database]\nurl = ["postgresql+psycopg://osteo:s3cret@db/osteo"]',
        'database = "postgresql+psycopg://osteo:s3cret@db/osteo"',
        '[database]\nuri = "postgresql+psycopg://osteo:s3cret@db/osteo"',
        '[database]\nurl = "postgresql+psycopg://osteo:s3cret@db/osteo',
    ],
)
def test_a_password_is_never_echoed(write, text):
    assert "s3cret" not in mistakes_in(write(text))


def test_a_password_in_the_environment_is_never_echoed(write, monkeypatch):
    monkeypatch.setenv("OSTEO_PACS__DATABASE__URL", "mysql://osteo:s3cret@db/osteo")
    monkeypatch.setenv("OSTEO_PACS__DATABASE__URI", "mysql://osteo:s3cret@db/osteo")
    assert "s3cret" not in mistakes_in(write(""))


# -- off loopback


@pytest.mark.parametrize("lists", ["", 'calling_ae_titles = ["DXA"]', 'addresses = ["10.0.0.0/8"]'])
def test_off_loopback_needs_both_allow_lists(write, lists):
    assert "list the scanners" in mistakes_in(write(f'[listener]\nhost = "0.0.0.0"\n{lists}\n'))


def test_off_loopback_with_both_allow_lists_is_right(write):
    lists = 'calling_ae_titles = ["DXA"]\naddresses = ["10.0.0.0/8"]'
    assert load(write(f'[listener]\nhost = "0.0.0.0"\n{lists}\n')).listener.host == "0.0.0.0"  # noqa: S104


# -- paths


def test_relative_paths_are_relative_to_the_file(write, tmp_path, monkeypatch):
    path = write(
        '[database]\nurl = "sqlite:///q/jobs.db"\n[spool]\ndirectory = "in"\n[model]\nbundle = "bundle"\n'
    )
    monkeypatch.chdir("/")
    settings = load(path)
    assert settings.database.url == f"sqlite:///{tmp_path}/q/jobs.db"
    assert settings.spool.directory == tmp_path / "in"
    assert settings.model.bundle == tmp_path / "bundle"


def test_absolute_paths_and_servers_stay_as_they_are(write):
    settings = load(write('[database]\nurl = "sqlite:////srv/jobs.db"\n[spool]\ndirectory = "/srv/spool"\n'))
    assert settings.database.url == "sqlite:////srv/jobs.db"
    assert settings.spool.directory == Path("/srv/spool")
    server = "postgresql+psycopg://osteo@db/osteo"
    assert load(write(f'[database]\nurl = "{server}"\n')).database.url == server


def test_without_a_bundle_the_one_that_ships_is_meant(write):
    assert load(write("")).model.bundle is None


def test_settings_come_from_nowhere_but_the_file_and_the_environment(write, tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("OSTEO_PACS__LISTENER__PORT=1\n")
    monkeypatch.chdir(tmp_path)
    assert isinstance(settings := load(write("")), Settings)
    assert settings.listener.port == 11112


# -- the watermarks


def test_the_marks_of_free_space_follow_from_the_least_that_must_be_free(write):
    marks = load(write("[spool]\nmin_free_mib = 100\n")).watermarks
    assert (marks.min_free_mib, marks.low_free_mib, marks.high_free_mib) == (100, 200, 400)


def test_room_is_made_before_associations_are_rejected(write):
    path = write("[spool]\nmin_free_mib = 100\n[retention]\nlow_free_mib = 100\n")
    assert "low_free_mib = 100 is not above [spool] min_free_mib = 100" in mistakes_in(path)


def test_room_is_made_up_to_no_less_than_where_it_begins(write):
    path = write("[retention]\nlow_free_mib = 1000\nhigh_free_mib = 999\n")
    assert "high_free_mib = 999 is below low_free_mib = 1000" in mistakes_in(path)


def test_a_state_whose_studies_never_go_for_space_is_refused(write):
    assert "pressure_states" in mistakes_in(write('[retention]\npressure_states = ["queued"]\n'))
