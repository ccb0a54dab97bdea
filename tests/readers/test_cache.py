"""With the cache, a second command rereads only changed files and always gives the scores of the current files."""

import errno
import math
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cached import assert_exact, assert_same, read_thrice, result
from howsure.errors import ReadError
from howsure.readers import cache, folder, looked_at, registry
from howsure.readers.folder import read_paths
from howsure.readers.reading import find_sources, outcome_of, read_by
from places import DATA, ROOT
from reader_cases import lm_eval_run, run_log
from trials import draws

pytestmark = pytest.mark.usefixtures("cached")

Looked = list[str]
LONG_AGO = 1_700_000_000 * 10**9


def age(tree):
    """Let files have been written long ago, so that their times can be relied on; the system's own time of change can't be set."""
    for path in tree.rglob("*"):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))


@pytest.fixture
def looked(monkeypatch):
    """Collect the names of the files that are read, and not taken from the cache."""
    found = []

    def look(source, asked):
        found.append(source.name)
        return outcome_of(source, asked)

    monkeypatch.setattr(folder, "outcome_of", look)
    return found


@pytest.fixture
def logs(tmp_path):
    """Write a folder with two logs of Inspect, samples of lm-eval with their results, HELM's companions, and a stray file."""
    tree = tmp_path / "logs"
    tree.mkdir()
    run_log(tree, "a", "CICI", model="m/a", task_id="ta", run_id="ra")
    run_log(tree, "b", "CCCI", model="m/b", task_id="tb", run_id="rb")
    lm_eval_run(tree / "lm")
    (tree / "notes.txt").write_text("hello")
    age(tree)
    return tree


def reads(looked, tree, **how):
    """Read a folder with the cache, hold the scores against a reading without, and return what was read anew."""
    looked.clear()
    found = result([tree], cache=True, **how)
    anew = list(looked)
    assert_same(result([tree], **how), found)
    return anew


def pack():
    (only,) = Path(os.environ[cache.FOLDER]).iterdir()
    return only


FIXTURES = ROOT / "tests" / "fixtures"
OWN = [*(path for path in (FIXTURES / "harnesses").iterdir() if path.is_dir()), FIXTURES / "lm_eval"]
OWN += [FIXTURES / "inspect", FIXTURES / "annotations"]
REAL = [path for path in (DATA / "raw").glob("*") if path.is_dir()] if DATA.is_dir() else []
FOLDERS = sorted([*OWN, *draws([], REAL)])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_full_an_empty_and_no_cache_give_the_same_scores(folder):
    """With probabilities as well, and where a file is refused: the error is a result, too."""
    for how in ({}, {"probabilities": True}):
        read_thrice([folder], how)
    if folder in OWN:  # of others nothing may be readable
        assert list(Path(os.environ[cache.FOLDER]).iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_reading_is_restored_exactly_from_the_cache_and_another_process(folder):
    claims = [(source, registry.identify(source)) for source in find_sources(folder)]
    for source, reader in [(source, found[0]) for source, found in claims if found and found[1] == "rows"]:
        with suppress(ReadError):
            assert_exact(read_by(reader, source))


def test_cached_numbers_keep_type_and_value():
    """A whole number is no real one, and what is no number stays what it is."""
    values = [1, 1.0, -0.0, 2**63, math.nan, math.inf, None, True]
    assert repr(cache.decoded(cache.encoded(values), list)) == repr(values)


def test_unchanged_files_are_not_read_again(logs, looked):
    assert len(reads(looked, logs)) == 5
    assert reads(looked, logs) == []
    assert pack().stat().st_mode & 0o777 == 0o600


def test_nothing_is_cached_unless_requested(logs):
    read_paths([logs])
    assert list(Path(os.environ[cache.FOLDER]).iterdir()) == []


def test_files_that_are_read_quickly_are_not_cached(logs, monkeypatch):
    monkeypatch.setattr(cache, "WORTH_SECONDS", 60)
    read_paths([logs], cache=True)
    assert list(Path(os.environ[cache.FOLDER]).iterdir()) == []


def _swap(path):
    """Give a file another content of the same size, and its old time back."""
    before = path.stat()
    data = path.read_bytes().replace(b'"I"', b'"C"') if path.suffix == ".json" else path.read_bytes()[::-1]
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "a file changed": (lambda tree: run_log(tree, "b", "IIII", model="m/b", task_id="tb", run_id="rb"), ["b.eval"]),
    "a file was touched": (lambda tree: os.utime(tree / "b.eval"), ["b.eval"]),
    "a file went": (lambda tree: (tree / "a.eval").unlink(), []),
    "a file came": (lambda tree: run_log(tree, "c", "CC", model="m/c", task_id="tc", run_id="rc"), ["c.eval"]),
    "other content of the same size and time": (lambda tree: _swap(tree / "notes.txt"), ["notes.txt"]),
    "a companion changed": (
        lambda tree: _renamed_model(tree / "lm" / "results_2026-01-01T00-00-00.json"),
        ["lm/results_2026-01-01T00-00-00.json", "lm/samples_quiz_2026-01-01T00-00-00.jsonl"],
    ),
    "a companion went": (
        lambda tree: (tree / "lm" / "results_2026-01-01T00-00-00.json").unlink(),
        ["lm/samples_quiz_2026-01-01T00-00-00.jsonl"],
    ),
    "what it is the companion of went": (
        lambda tree: (tree / "lm" / "samples_quiz_2026-01-01T00-00-00.jsonl").unlink(),
        ["lm/results_2026-01-01T00-00-00.json"],
    ),
}


def _renamed_model(path):
    path.write_text(path.read_text().replace("m/l", "m/L"))


@pytest.mark.parametrize("change", CHANGES)
def test_exactly_the_changed_files_are_read_again(logs, looked, change):
    reads(looked, logs)
    make, anew = CHANGES[change]
    make(logs)
    assert reads(looked, logs) == anew
    assert reads(looked, logs) == []


def test_a_new_companion_file_makes_its_samples_be_read_again(logs, looked):
    results = logs / "lm" / "results_2026-01-01T00-00-00.json"
    aside = results.rename(logs.parent / "aside.json")
    reads(looked, logs)
    aside.rename(results)
    assert sorted(reads(looked, logs)) == [f"lm/{results.name}", "lm/samples_quiz_2026-01-01T00-00-00.jsonl"]


def test_files_modified_just_before_reading_are_not_cached(logs, looked, monkeypatch):
    """A file system may give a change right after the reading the very times that the file had before."""
    monkeypatch.setattr(looked_at, "TOO_SOON", 2 * 10**9)
    stamp = looked_at.stamp_of
    monkeypatch.setattr(looked_at, "stamp_of", lambda path: (*stamp(path)[:3], *(LONG_AGO,) * 2)[: len(stamp(path))])
    monkeypatch.setattr(looked_at.time, "time_ns", lambda: LONG_AGO + 10**9)
    assert len(reads(looked, logs)) == len(reads(looked, logs)) == 5


def test_a_file_changed_while_being_read_is_not_cached(logs, looked, monkeypatch):
    def look(source, asked):
        found = outcome_of(source, asked)
        if source.path.name == "a.eval":
            run_log(logs, "a", "IIII", model="m/a", task_id="ta", run_id="ra")
        return found

    with monkeypatch.context() as during:
        during.setattr(folder, "outcome_of", look)
        read_paths([logs], cache=True)
    assert reads(looked, logs) == ["a.eval"]


@pytest.mark.parametrize("how", [{"probabilities": True}, {"model_from": "logs/(.)"}, {"reader": "inspect"}], ids=str)
def test_other_reading_options_do_not_use_the_cached_reading(logs, looked, how):
    reads(looked, logs)
    assert len(reads(looked, logs, **how)) == 5


def test_files_named_separately_share_a_cache_file(logs, looked):
    read_paths([logs / "a.eval"], cache=True)
    read_paths([logs / "b.eval"], cache=True)
    looked.clear()
    read_paths([logs / "a.eval", logs / "b.eval"], cache=True)
    assert looked == []
    assert pack()


def test_tables_and_archives_are_not_cached(logs, looked):
    (logs / "table.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    shutil.make_archive(str(logs / "more"), "zip", ROOT / "tests" / "fixtures" / "inspect" / "retry")
    first = reads(looked, logs)
    assert reads(looked, logs) == [name for name in first if name.startswith("more.zip") or name == "table.csv"]


def _cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def _instead(path, make):
    path.unlink()
    make(path)


def _flip(path, place=-10):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


DAMAGES = {
    "cut short": _cut,
    "empty": lambda path: path.write_bytes(b""),
    "of another kind": lambda path: path.write_text("{}"),
    "a bit of the rows": _flip,
    "a bit of what is told": lambda path: _flip(path, 60),
    "gone": Path.unlink,
    "a pipe": lambda path: _instead(path, os.mkfifo),
    "a link to nothing": lambda path: _instead(path, lambda it: it.symlink_to("nowhere")),
    "larger than all packs": lambda path: os.truncate(path, cache.MAX_BYTES + 1),
    "nested too deep": lambda path: cache._replace(path, b"\x91" * 200_000),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_cache_file_is_ignored_and_rewritten(logs, looked, damage):
    reads(looked, logs)
    DAMAGES[damage](pack())
    assert len(reads(looked, logs)) == 5
    assert reads(looked, logs) == []


def test_foreign_entries_in_the_cache_folder_are_ignored(logs, looked, monkeypatch):
    reads(looked, logs)
    folder, old = pack().parent, pack()
    os.utime(old, ns=(LONG_AGO, LONG_AGO))
    (folder / f"folder{cache.SUFFIX}").mkdir()
    (folder / f"link{cache.SUFFIX}").symlink_to("nowhere")
    os.mkfifo(folder / f"pipe{cache.SUFFIX}")
    monkeypatch.setattr(cache, "MAX_BYTES", old.stat().st_size * 3 // 2)
    reads(looked, shutil.copytree(logs, logs.with_name("others")))
    assert not old.exists()
    assert len([*folder.iterdir()]) == 4


def test_another_version_of_howsure_ignores_the_cache(logs, looked, monkeypatch):
    reads(looked, logs)
    monkeypatch.setattr(cache, "_made_by", lambda: "another")
    assert len(reads(looked, logs)) == 5
    assert pack()


def test_results_of_readers_from_other_packages_are_never_cached(logs, looked, monkeypatch):
    """What no reader knew may be what a new one knows."""
    reads(looked, logs)
    foreign = type("Foreign", (), {"NAME": "foreign", "FORMATS": "", "claims": lambda self, source: None})()
    monkeypatch.setattr(registry, "others", lambda: (foreign,))
    assert reads(looked, logs) == reads(looked, logs) == ["notes.txt"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_or_read_only_disk_disables_the_cache(number, logs, looked, monkeypatch):
    def refused(*args, **more):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(cache, "NamedTemporaryFile", refused)
    assert len(reads(looked, logs)) == len(reads(looked, logs)) == 5


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_an_impossible_cache_folder_disables_the_cache(logs, looked, monkeypatch, tmp_path, place):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / place))
    assert len(reads(looked, logs)) == len(reads(looked, logs)) == 5


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_cache_folder_writable_by_others_is_not_used(logs, looked, monkeypatch, tmp_path, mode):
    place = tmp_path / "shared"
    place.mkdir()
    place.chmod(mode)
    monkeypatch.setenv(cache.FOLDER, str(place))
    assert len(reads(looked, logs)) == len(reads(looked, logs)) == 5
    assert not list(place.iterdir())


def test_a_relative_cache_folder_disables_the_cache(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("0", "off", "cache/here"):
        monkeypatch.setenv(cache.FOLDER, name)
        assert cache.folder() is None
    assert not list(tmp_path.iterdir())


def test_the_least_recently_used_cache_files_are_deleted(logs, looked, monkeypatch):
    reads(looked, logs)
    old = pack()
    os.utime(old, ns=(LONG_AGO, LONG_AGO))
    monkeypatch.setattr(cache, "MAX_BYTES", old.stat().st_size * 3 // 2)
    other = shutil.copytree(logs, logs.with_name("others"))
    reads(looked, other)
    assert pack() != old


def test_the_cache_folder_follows_the_convention_of_the_system(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.FOLDER)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    places = {"linux": "xdg/howsure", "win32": "local/howsure", "darwin": "Library/Caches/howsure"}
    for system, place in places.items():
        monkeypatch.setattr(sys, "platform", system)
        assert cache.folder() == tmp_path / place
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    found = cache.folder()
    assert found == tmp_path / ".cache" / "howsure"
    assert found.stat().st_mode & 0o777 == 0o700


def test_two_processes_at_once_leave_a_valid_cache(logs, looked):
    code = f"from howsure.readers import cache, looked_at; cache.WORTH_SECONDS, looked_at.TOO_SOON = -1, 0; from howsure.readers.folder import read_paths; [read_paths([{str(logs)!r}], cache=True) for _ in range(10)]"
    at_once = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [each.wait() for each in at_once] == [0, 0]
    assert pack()
    assert result([str(logs)], cache=True).has_rows
    looked.clear()
    read_paths([str(logs)], cache=True)
    assert looked == []
