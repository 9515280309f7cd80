"""A hub on this machine, over TLS, that can be slow, broken and hostile: what hub_test.py runs the program against."""
import base64
import concurrent.futures
import http.server
import json
import os
import pathlib
import select
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 256, "intermediate_size": 512,
          "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64, "vocab_size": 1024,
          "max_position_embeddings": 4096, "torch_dtype": "bfloat16", "tie_word_embeddings": False,
          "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu"}


def certificate(folder):
    """A self-signed one for this machine's loopback names."""
    path = pathlib.Path(folder) / "hub.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", path, "-out", f"{path}.crt", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    path.write_text(path.read_text() + pathlib.Path(f"{path}.crt").read_text())
    return str(path)


def header(tensors, pad=0):
    """The front of a .safetensors file and its size; tensors: name -> (dtype, bytes an element, shape)."""
    entries, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, width, shape) in tensors.items():
        size = width
        for each in shape:
            size *= each
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(entries, separators=(",", ":")).encode() + b" " * pad
    return struct.pack("<Q", len(text)) + text, 8 + len(text) + at


class Weights:
    """A file of weights of which the front is real and the rest is zeros, never held in memory."""

    def __init__(self, tensors, pad=0):
        self.front, self.size = header(tensors, pad)

    def part(self, first, last):
        last = min(last, self.size - 1)
        return self.front[first:last + 1].ljust(last + 1 - first, b"\0")


def sharded(shards):
    """Files of a checkpoint with the layout of DeepSeek-V3: 91,000 tensors over `shards`."""
    files, names, weight_map = {}, 91_000, {}
    for i in range(shards):
        own = {}
        for k in range(names // shards + (i < names % shards)):
            own[f"model.layers.{i}.mlp.experts.{k // 6}.{('gate', 'up', 'down')[k // 2 % 3]}_proj.weight"
                + ("_scale_inv" if k % 2 else "")] = ("F32", 4, [16, 56]) if k % 2 else ("F8_E4M3", 1, [2048, 7168])
        name = f"model-{i + 1:05}-of-{shards:06}.safetensors"
        files[name] = Weights(own)
        weight_map |= dict.fromkeys(own, name)
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    return files | {"model.safetensors.index.json": json.dumps(index).encode(), "config.json": json.dumps(CONFIG).encode()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        hub = self.server.hub
        with hub.lock:
            hub.requests.append((self.path, dict(self.headers)))
        for prefix, behaviour in hub.behaviours.items():
            if prefix in self.path:
                return behaviour(self)
        self.serve()

    def serve(self):
        hub, parts = self.server.hub, self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"] and len(parts) >= 6:
            files = hub.models.get("/".join(parts[2:4]))
            if files is None:
                return self.answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
            if parts[5] not in ("main", COMMIT):
                return self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            body = {"id": "/".join(parts[2:4]), "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
            return self.answer(200, json.dumps(body).encode())
        if len(parts) >= 5 and parts[2] == "resolve":
            content = hub.models.get("/".join(parts[:2]), {}).get("/".join(parts[4:]))
            if content is None:
                return self.answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return self.content(content)
        self.answer(404, b"")

    def content(self, content):
        common = {"X-Repo-Commit": COMMIT, "ETag": f'"{abs(hash(content)):040x}"'[:42]}
        wanted = self.headers.get("Range")
        size = content.size if isinstance(content, Weights) else len(content)
        if not wanted:
            return self.answer(200, content.part(0, size - 1) if isinstance(content, Weights) else content, common)
        first, last = (int(part) for part in wanted.removeprefix("bytes=").split("-"))
        body = content.part(first, last) if isinstance(content, Weights) else content[first:last + 1]
        common["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{size}"
        self.answer(206, body, common)

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, url, status=302):
        self.answer(status, b"", {"Location": url, "X-Repo-Commit": COMMIT})


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def get_request(self):
        connection, address = self.socket.accept()
        # The handshake belongs to the connection's own thread.
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def finish_request(self, request, address):
        try:
            request.do_handshake()
            super().finish_request(request, address)
        except (ssl.SSLError, OSError):
            pass

    def handle_error(self, *_):
        pass


class Hub:
    """Models by name, each a dict of files; `behaviours` answer requests whose path holds their key."""

    def __init__(self, pem):
        self.models, self.behaviours, self.requests, self.lock = {}, {}, [], threading.Lock()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.context.load_cert_chain(pem)
        self.server.hub = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def url(self, host="localhost"):
        return f"https://{host}:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy:
    """Tunnels to where CONNECT asks, for those who know `password`; `requests` has what it was told."""

    def __init__(self, password):
        proxy, self.requests = self, []
        wanted = "Basic " + base64.b64encode(f"user:{password}".encode()).decode()

        class Tunnel(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_CONNECT(self):
                proxy.requests.append((self.path, dict(self.headers)))
                if self.headers.get("Proxy-Authorization") != wanted:
                    return self.send_error(407)
                port = self.path.rsplit(":", 1)[1]
                with socket.create_connection(("127.0.0.1", int(port))) as there:
                    self.send_response(200)
                    self.end_headers()
                    while ready := select.select([self.connection, there], [], [], 5)[0]:
                        for here in ready:
                            data = here.recv(65536)
                            if not data:
                                return
                            (there if here is self.connection else self.connection).sendall(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tunnel)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def slow(seconds):
    def behave(handler):
        time.sleep(seconds)
        handler.serve()
    return behave


def status(code, headers=None, times=None):
    """Answers `code`, `times` times and then as usual."""
    left = [times]

    def behave(handler):
        if left[0] == 0:
            return handler.serve()
        if left[0] is not None:
            left[0] -= 1
        handler.answer(code, b"{}", headers)
    return behave


def broken(handler):
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.wfile.flush()
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


class ProgramTest(unittest.TestCase):
    """A program that knows one hub, its own to each test, and an empty home. The case sets `program`, `gpu` and `pem`."""
    token = "hf_SecretSecretSecret"

    def setUp(self):
        self.hub = Hub(self.pem)
        self.addCleanup(self.hub.close)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *words, **variables):
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                       "HF_ENDPOINT": self.hub.url(), "SSL_CERT_FILE": self.pem, "HF_HUB_DOWNLOAD_TIMEOUT": "5"}
        return subprocess.run([self.program, *map(str, words)], capture_output=True, text=True, env=environment | variables, timeout=100)

    def refusal(self, name, **variables):
        run = self.run_program(name, *self.gpu, **variables)
        self.assertEqual(run.returncode, 2, run.stdout + run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertNotIn(self.token, run.stdout + run.stderr)
        return run.stderr


def run_tests(case):
    """The tests of `case`, or those named on the command line, some at a time: each has a hub of its own, and most wait."""
    names = sys.argv[1:] or unittest.defaultTestLoader.getTestCaseNames(case)
    case.setUpClass()
    begin = time.perf_counter()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda name: case(name).run(), names))
    case.tearDownClass()
    wrong = [each for result in results for each in result.failures + result.errors]
    for test, trace in wrong:
        print(f"FAILED: {test}\n{trace}", file=sys.stderr)
    print(f"{len(names)} tests in {time.perf_counter() - begin:.1f} s, {len(wrong)} failed", file=sys.stderr)
    sys.exit(1 if wrong else 0)
