"""A server that answers what `hf://` asks of Hugging Face's hub: what a repository has, and its files."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0" * 40


def entries(files):
    """List files and folders as the hub does."""
    folders = {str(parent) for name in files for parent in PurePosixPath(name).parents} - {"."}
    listed = [{"type": "directory", "path": name, "size": 0, "oid": COMMIT} for name in folders]
    return listed + [{"type": "file", "path": name, "size": len(data), "oid": COMMIT} for name, data in files.items()]


@contextmanager
def hub(repository, files):
    """Serve the files of a repository of data; the answers are those that a repository without pages needs."""
    api, resolve = f"/api/datasets/{repository}", f"/datasets/{repository}/resolve/main/"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            """Say nothing."""

        def answer(self, data, status=200, **headers):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def listed(self, found):
            self.answer(json.dumps(found).encode(), Content_Type="application/json")

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            sent = json.loads(body) if body.startswith("{") else parse_qs(body)
            self.listed([entry for entry in entries(files) if entry["path"] in sent["paths"]])

        def do_GET(self):
            path = unquote(urlsplit(self.path).path)
            if path.startswith(resolve) and path.removeprefix(resolve) in files:
                self.file(files[path.removeprefix(resolve)])
            elif path.startswith(f"{api}/tree/main"):
                self.tree(path.removeprefix(f"{api}/tree/main").strip("/"))
            elif path in (api, f"{api}/revision/main"):
                self.listed({"_id": "1", "id": repository, "sha": COMMIT, "private": False, "tags": [], "siblings": []})
            else:
                self.answer(b"", 404, X_Error_Code="EntryNotFound")

        do_HEAD = do_GET

        def tree(self, folder):
            deep = "recursive" in urlsplit(self.path).query.lower().replace("recursive=false", "")
            inside = [
                entry for entry in entries(files) if PurePosixPath(folder) in PurePosixPath(entry["path"]).parents
            ]
            near = [entry for entry in inside if str(PurePosixPath(entry["path"]).parent) == (folder or ".")]
            self.listed(inside if deep else near)

        def file(self, data):
            begin, _, end = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            part = data[int(begin) : int(end) + 1 if end else None]
            self.answer(part, 206, ETag='"1"', X_Repo_Commit=COMMIT, Content_Range=f"bytes {begin}-/{len(data)}")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
