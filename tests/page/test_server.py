"""`howsure view` serves the page on this machine only and follows changes of its files."""

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import httpx
import pytest
from click.testing import CliRunner

from howsure.answers.report import Report
from howsure.commands.main import main
from howsure.errors import OptionError, ReadError
from howsure.page.server import Viewer, make_app, waiting
from howsure.verbs.report import report
from places import ROOT

LOGS = sorted((ROOT / "examples" / "logs").iterdir())


def page_of(*names):
    return Report(data={"names": names, "verdict": "so it is"}, boards=("x",), leaderboard=None, still="", html="")


def loader(*steps):
    """Return what each refresh meets, one after the other: a report, or an error."""
    left = list(steps)

    def load():
        step = left.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    return load


def refreshed(viewer, times=1):
    async def run():
        for _ in range(times):
            await viewer.refresh()

    asyncio.run(run())
    return viewer


def test_unreadable_files_give_a_message_and_keep_the_last_page():
    first, second = page_of("a"), page_of("a", "b")
    viewer = Viewer(load=loader(first, ReadError("half of it", where="x.eval"), RuntimeError("odd"), second))
    assert refreshed(viewer).report is first
    assert refreshed(viewer).report is first
    assert viewer.message == "Not readable yet: x.eval: half of it"
    assert refreshed(viewer).message == "Not readable yet: odd"
    assert refreshed(viewer).report is second
    assert (viewer.message, viewer.version) == ("", 2)


def test_an_option_error_ends_the_server_only_at_the_start():
    with pytest.raises(OptionError):
        refreshed(Viewer(load=loader(OptionError("no such option"))))
    first = page_of("a")
    assert refreshed(Viewer(load=loader(first, OptionError("no such model now"))), 2).report is first


def test_unchanged_data_make_no_new_version():
    viewer = refreshed(Viewer(load=loader(page_of("a"), page_of("a"), page_of("b"))), 2)
    assert viewer.version == 1
    assert refreshed(viewer).version == 2


def test_open_pages_receive_events_about_new_data():
    viewer = Viewer(load=loader(page_of("a"), ReadError("half"), page_of("b")))

    async def run():
        await viewer.refresh()
        events, told = viewer.events(), []
        told.append(await anext(events))
        for _ in range(2):
            following = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            await viewer.refresh()
            told.append(await following)
        await events.aclose()
        return [json.loads(event.removeprefix("data: ")) for event in told]

    assert asyncio.run(run()) == [
        {"state": "same", "message": ""},
        {"state": "same", "message": "Not readable yet: half"},
        {"state": "new", "message": ""},
    ]


def ask(viewer, *requests, host="127.0.0.1"):
    """Return the answers of a viewer's application to (method, path) requests."""

    async def run():
        transport = httpx.ASGITransport(make_app(viewer))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return [await client.request(method, path) for method, path in requests]

    return asyncio.run(run())


@pytest.fixture(scope="module")
def viewer():
    return refreshed(Viewer(load=lambda: report(str(ROOT / "examples" / "logs"), cluster="passage_id")))


def test_the_served_page_may_connect_to_its_own_server_only(viewer):
    page, data = ask(viewer, ("GET", "/"), ("GET", "/data"))
    assert "connect-src 'self'" in page.text
    assert 'data-live="yes"' in page.text
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert data.json()["report"]["verdict"].startswith("openai-api/local/smollm2-135m-t0.3 scores highest")
    assert len(data.json()["boards"]) == 1 + len(data.json()["report"]["others"]) == 3


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example"])
def test_requests_with_a_foreign_host_name_are_refused(viewer, host):
    answers = ask(viewer, ("GET", "/"), ("GET", "/data"), ("GET", "/events"), host=host)
    assert [answer.status_code for answer in answers] == [400] * 3


def test_the_server_refuses_writes_and_other_paths(viewer):
    answers = ask(viewer, ("POST", "/"), ("PUT", "/data"), ("DELETE", "/"), ("GET", "/../../etc/passwd"))
    assert [answer.status_code for answer in answers] == [405, 405, 405, 404]


def test_without_results_the_server_shows_a_waiting_page():
    empty = refreshed(Viewer(load=loader(ReadError("<script>alert(1)</script>"))))
    page, data = ask(empty, ("GET", "/"), ("GET", "/data"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert data.status_code == 503
    assert "script-src 'none'" in waiting("x")


def fetch(port, path=""):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5) as answer:
        return answer.read().decode()


def eventually(check, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if check():
                return True
        except (urllib.error.URLError, ConnectionError):
            pass
        time.sleep(0.1)
    return False


@pytest.mark.unmeasured
def test_the_server_follows_a_replaced_file(tmp_path):
    page, seen = tmp_path / "scores.csv", []
    page.write_text("model,item,score\na,1,1\n")
    viewer = Viewer(load=lambda: page_of(page.read_text()))

    async def run():
        stop = asyncio.Event()
        following = asyncio.create_task(viewer.follow([str(page)], stop))
        for k in range(2):
            (tmp_path / "beside.txt").write_text("not asked for")
            await asyncio.sleep(0.5)
            (tmp_path / "new.csv").write_text(f"model,item,score\na,1,{k}\n")
            (tmp_path / "new.csv").replace(page)
            for _ in range(50):
                if viewer.version > k:
                    break
                await asyncio.sleep(0.1)
            seen.append(viewer.version)
        stop.set()
        await following

    asyncio.run(run())
    assert seen == [1, 2]


@pytest.mark.unmeasured
def test_the_server_follows_a_deleted_and_recreated_folder(tmp_path):
    folder, seen = tmp_path / "logs", []
    viewer = Viewer(load=lambda: page_of((folder / "scores.csv").read_text()))

    def fill(k):
        folder.mkdir()
        (folder / "scores.csv").write_text(f"model,item,score\na,1,{k}\n")

    async def until(holds):
        for _ in range(50):
            if holds():
                return
            await asyncio.sleep(0.1)

    async def run():
        stop = asyncio.Event()
        fill(0)
        await viewer.refresh()
        following = asyncio.create_task(viewer.follow([str(folder)], stop))
        await asyncio.sleep(0.5)
        shutil.rmtree(folder)
        await until(lambda: viewer.message)
        seen.append(viewer.message != "")
        fill(1)
        await until(lambda: viewer.version > 1)
        seen.append((viewer.version, viewer.message))
        stop.set()
        await following

    asyncio.run(run())
    assert seen == [True, (2, "")]


def test_the_server_follows_a_folder_and_ends_cleanly_when_interrupted(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["view", str(tmp_path), "--cluster", "passage_id", "--port", str(port), "--no-open"]
    server = subprocess.Popen(
        [sys.executable, "-m", "howsure.commands.main", *words], stderr=subprocess.PIPE, text=True
    )
    try:
        assert eventually(lambda: "Waiting for results" in fetch(port))
        shutil.copy(LOGS[0], tmp_path)
        assert eventually(lambda: "smollm2-135m-2shot scores" in fetch(port, "data"))
        whole = LOGS[1].read_bytes()
        (tmp_path / LOGS[1].name).write_bytes(whole[: len(whole) // 2])
        assert eventually(lambda: "not a complete zip archive" in fetch(port, "data"))
        (tmp_path / LOGS[1].name).write_bytes(whole)
        assert eventually(lambda: "smollm2-135m-t0.3 is best" in fetch(port, "data"))
        listening = urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=20)
        assert listening.readline().startswith(b"data: ")
    finally:
        server.send_signal(signal.SIGINT)
        _, told = server.communicate(timeout=20)
    listening.close()
    assert server.returncode == 0
    assert "Traceback" not in told  # a reader who still listens is no error
    assert "ERROR" not in told
    assert f"Serving http://127.0.0.1:{port}/" in told


def test_a_taken_port_is_an_error(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["view", str(tmp_path), "--port", str(port), "--no-open"])
    assert result.exit_code == 1
    assert f"port {port} is not available" in result.output


def test_view_without_its_extra_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = CliRunner().invoke(main, ["view", str(tmp_path), "--no-open"])
    assert "pip install 'howsure[view]'" in result.output


def test_a_question_is_fetched_by_board_and_item_index(viewer):
    data = viewer.report.data["origin"]["fingerprint"]
    (found,) = ask(viewer, ("GET", f"/question?data={data}&board=0&item=3&model=0&model=2"))
    assert found.status_code == 200
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-type"] == "application/json"
    told = found.json()
    assert set(told["models"]) == {"0", "2"}
    assert all(len(attempts) == 5 and attempts[0]["prompt"] for attempts in told["models"].values())


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("board=0&item=3&model=0", 409),
        ("data=old&board=0&item=3", 409),
        ("data={data}&board=0&item=100&model=0", 404),
        ("data={data}&board=-1&item=0&model=0", 404),
        ("data={data}&board=0&item=0&model=4", 404),
        ("data={data}&board=0&item=1e3&model=0", 404),
        ("data={data}&board=0&item=99999999999999999999&model=0", 404),
        ("data={data}&board=0&item=²&model=0", 404),
        ("data={data}&board=0&model=0", 404),
        ("data={data}&item=../../etc/passwd&board=0", 404),
    ],
)
def test_invalid_question_requests_are_refused(query, status, viewer):
    data = viewer.report.data["origin"]["fingerprint"]
    (found,) = ask(viewer, ("GET", "/question?" + query.format(data=data)))
    assert found.status_code == status
    assert found.json()["message"]


def test_a_question_request_before_the_first_page_gives_409():
    (found,) = ask(Viewer(load=lambda: None), ("GET", "/question?board=0"))
    assert found.status_code == 409


def test_question_requests_with_a_foreign_host_name_are_refused(viewer):
    (found,) = ask(viewer, ("GET", "/question?board=0"), host="evil.example")
    assert found.status_code == 400
