"""Addresses against servers on this machine that stand for the real ones: S3, Google's storage, Hugging Face's hub and https."""

import datetime as dt
import ssl
from urllib.parse import quote
from urllib.request import Request, urlopen

import polars as pl
import pytest

pytest.importorskip("moto", reason="scripts/recipes has what this needs")

import boto3
from gcp_storage_emulator import server as emulator
from moto.server import ThreadedMotoServer

import howsure
from child import run
from hub import hub
from served import serving

ROWS = [{"item": f"q{k}", "model": model, "score": float(k < n)} for model, n in (("a", 3), ("b", 2)) for k in range(4)]
READ = """
import sys
for name in {without!r}:
    sys.modules[name] = None
import howsure
print(howsure.read({url!r}).to_frame().select("model", "item", "score", "task").sort("model", "item").rows())
"""


def read(url, folder, without=(), **variables):
    """Read an address in a process that lacks some packages."""
    return run(READ.format(url=url, without=without), folder, **variables)


@pytest.fixture
def runs(tmp_path):
    """Make the files that every server has: a table, and a folder with a log of each kind."""
    folder = tmp_path / "runs"
    folder.mkdir()
    pl.DataFrame(ROWS).write_parquet(folder / "all.parquet")
    for model in "ab":
        (folder / "logs" / model).mkdir(parents=True)
        pl.DataFrame(ROWS).filter(model=model).write_csv(folder / "logs" / model / f"{model}.csv")
    return folder


@pytest.fixture
def here(runs):
    """Return what is read of the table, and of the folder, where they lie here."""
    found = {name: howsure.read(runs / name).to_frame() for name in ("all.parquet", "logs")}
    return {
        name: f"{rows.select('model', 'item', 'score', 'task').sort('model', 'item').rows()}\n"
        for name, rows in found.items()
    }


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def s3(runs, monkeypatch):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "sEcReT", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**keys, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket")
    for key, data in files(runs).items():
        client.put_object(Bucket="bucket", Key=f"runs/{key}", Body=data)
    yield "s3://bucket/runs"
    server.stop()


class Answer(emulator.Response):
    """What the emulator answers, with two headers that the real storage sends and Polars asks for."""

    def close(self):
        self["Last-Modified"], self["ETag"] = "Thu, 01 Jan 2026 00:00:00 GMT", '"1"'
        super().close()


@pytest.fixture
def gs(runs, monkeypatch):
    monkeypatch.setattr(emulator, "Response", Answer)
    server = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
    server.start()
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # asks by gRPC, which the emulator doesn't speak
    url = f"http://127.0.0.1:{server._api._httpd.server_port}"
    for key, data in files(runs).items():
        place = f"{url}/upload/storage/v1/b/bucket/o?uploadType=media&name={quote(f'runs/{key}', safe='')}"
        urlopen(Request(place, data=data, method="POST")).close()
    yield url
    server.stop()


@pytest.fixture
def https(runs, monkeypatch, tmp_path):
    key, certificate = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(runs, parts=True, context=context) as served:
        yield served


def certified(folder):
    """Make a key and a certificate of this machine, signed by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    places = folder / "key.pem", folder / "certificate.pem"
    texts = (
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        certificate.public_bytes(serialization.Encoding.PEM),
    )
    for place, text in zip(places, texts, strict=True):
        place.write_bytes(text)
    return places


def test_s3(s3, here, tmp_path):
    assert read(f"{s3}/all.parquet", tmp_path, without=["fsspec"]) == here["all.parquet"]
    assert read(f"{s3}/logs", tmp_path) == here["logs"]


def test_an_error_of_s3_has_no_secret(s3, tmp_path):
    code = "import howsure\ntry:\n    howsure.read({!r})\nexcept howsure.errors.ReadError as error:\n    print(error)"
    for name in ("nothing.parquet", "nothing/"):
        told = run(code.format(f"{s3}/{name}"), tmp_path)
        assert "no file there" in told
        assert "s3://bucket/runs/nothing" in told
        assert "sEcReT" not in told


def test_gs_is_scanned(gs, here, tmp_path):
    settings = {"GOOGLE_BASE_URL": gs, "GOOGLE_SKIP_SIGNATURE": "true"}
    told = read("gs://bucket/runs/all.parquet", tmp_path, without=["fsspec", "google.auth"], **settings)
    assert told == here["all.parquet"]


@pytest.mark.parametrize("name", ["all.parquet", "logs"])
def test_gs_is_fetched(gs, here, name, tmp_path):
    assert read(f"gs://bucket/runs/{name}", tmp_path, STORAGE_EMULATOR_HOST=gs) == here[name]


@pytest.mark.parametrize("name", ["all.parquet", "logs"])
def test_the_hub(runs, here, name, tmp_path):
    with hub("me/runs", files(runs)) as url:
        told = read(f"hf://datasets/me/runs/{name}", tmp_path, HF_ENDPOINT=url, HF_TOKEN="sEcReT")
    assert told == here[name]


def test_https(https, here, tmp_path):
    assert https.url.startswith("https://localhost:")
    assert read(f"{https.url}/all.parquet?token=1", tmp_path, without=["fsspec"]) == here["all.parquet"]
    assert https.sent > 0
    assert read(f"{https.url}/logs/", tmp_path) == here["logs"]
