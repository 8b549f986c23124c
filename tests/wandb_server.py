"""A server on this machine that answers what W&B needs to begin a run online, until it is told not to."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


class Answer(BaseHTTPRequestHandler):
    """To each request the same, unless the server has fallen silent."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.is_silent:
            self.server.closed.wait()
            return
        name = asked.get("variables", {}).get("name") or "r"
        project = {"id": "p", "name": "p", "entity": {"id": "e", "name": "e"}}
        bucket = {"id": "r", "name": name, "displayName": name, "historyLineCount": 0, "project": project}
        data = {"viewer": {"id": "v", "entity": "e", "flags": "{}"}, "model": {"bucket": None}}
        data |= {"upsertBucket": {"bucket": bucket, "inserted": True}, "entity": {"id": "e"}}
        body = json.dumps({"data": data, "limits": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    """Runs from the start, in a thread of its own."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.is_silent = False
        self.closed = Event()
        self.address = f"http://127.0.0.1:{self.server_port}"
        Thread(target=self.serve_forever, daemon=True).start()

    def fall_silent(self):
        """Takes requests and answers none of them any more."""
        self.is_silent = True

    def close(self):
        """Refuses connections from now on."""
        self.closed.set()
        self.shutdown()
        self.server_close()
