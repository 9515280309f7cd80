"""The service as its callers see it: a real process, real sockets."""
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv.pop(1)
REQUEST = {"model": {"source": "Qwen/Qwen3-8B"}, "gpu": {"name": "RTX-4090"}, "args": {"max_model_len": 8192}}
CONFIG = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072,
          "num_hidden_layers": 4, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
          "vocab_size": 1000, "max_position_embeddings": 4096, "torch_dtype": "bfloat16"}


class Service:
    def __init__(self, *options, environment=None):
        self.process = subprocess.Popen([PROGRAM, "serve", "--port", "0", *options], stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **(environment or {})})
        self.first = self.process.stderr.readline()
        self.port = int(self.first.rsplit(":", 1)[1]) if "listening" in self.first else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def send(self, data):
        """The bytes that come back for these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), 60) as connection:
            connection.sendall(data)
            received = b""
            try:
                while piece := connection.recv(65536):
                    received += piece
            except ConnectionResetError:
                pass
            return received


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service("--quiet")
        cls.addClassCleanup(cls.service.__exit__)

    def test_estimate_is_the_line_that_batch_answers(self):
        answer, body = self.service.ask("POST", "/v1/estimate", REQUEST)
        line = subprocess.run([PROGRAM, "batch", "-"], input=json.dumps(REQUEST), capture_output=True, text=True).stdout
        self.assertEqual((answer.status, body.decode() + "\n"), (200, line))

    def test_batch_answers_each_line_in_order(self):
        lines = [json.dumps(REQUEST), "no JSON", "", json.dumps({**REQUEST, "gpu": {"name": "no such card"}})]
        answer, body = self.service.ask("POST", "/v1/batch", "\n".join(lines))
        answers = [json.loads(line) for line in body.decode().splitlines()]
        self.assertEqual(answer.status, 200)
        self.assertEqual([("verdict" in each, each.get("error", {}).get("code")) for each in answers],
                         [(True, None), (False, "bad_input"), (False, "not_found")])

    def test_errors_have_the_status_that_goes_with_them(self):
        for body, status in [("{", 400), ("[]", 400), ({**REQUEST, "model": {"source": "no/such-model"}}, 404),
                             ({**REQUEST, "args": {"max_model_length": 1}}, 400),
                             ({**REQUEST, "model": {"config": {"architectures": ["NobodyKnows"]}}}, 422)]:
            answer, text = self.service.ask("POST", "/v1/estimate", body)
            report = json.loads(text)
            if status == 422 and "verdict" in report:  # vLLM's own refusal, or ours of the model, is a report
                continue
            self.assertEqual(answer.status, status, text)
            self.assertIn("message", report["error"])

    def test_the_other_questions(self):
        for method, path, body, member in [
                ("POST", "/v1/max-context", REQUEST, "context_tokens"), ("POST", "/v1/inspect", REQUEST, "blocks"),
                ("POST", "/v1/plan", {"request": {**REQUEST, "workload": {"concurrent_requests": 4, "context_tokens": 4096}},
                                      "gpus": "4090"}, None),
                ("POST", "/v1/diagnose", {"log": "INFO 01-01 00:00:00 vLLM API server version 0.9.2"}, None),
                ("GET", "/v1/gpus", None, "gpus"), ("GET", "/v1/models?search=qwen3%208b", None, None),
                ("GET", "/v1/profiles", None, None), ("GET", "/openapi.json", None, "paths"),
                ("GET", "/healthz", None, "status")]:
            answer, text = self.service.ask(method, path, body)
            self.assertEqual(answer.status, 200, (path, text))
            value = json.loads(text)
            if member:
                self.assertIn(member, value)

    def test_paths_and_methods_that_are_not_there(self):
        self.assertEqual(self.service.ask("GET", "/v1/nothing")[0].status, 404)
        answer, _ = self.service.ask("DELETE", "/v1/gpus")
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "GET, HEAD"))
        self.assertEqual(self.service.ask("GET", "/v1/models?serch=x")[0].status, 400)
        self.assertEqual(self.service.ask("GET", "/v1/models?search=%zz")[0].status, 400)
        answer, body = self.service.ask("HEAD", "/healthz")
        self.assertEqual((answer.status, body), (200, b""))

    def test_files_of_the_machine_are_out_of_reach(self):
        for path in ["/etc/passwd", "../../etc/passwd", "./config.json", "~/config.json", "/no/such/file", "a\u0000b"]:
            answer, body = self.service.ask("POST", "/v1/estimate", {**REQUEST, "model": {"source": path}})
            self.assertIn(answer.status, (400, 404), path)
            self.assertNotIn(b"root:", body)

    def test_other_sites_and_other_names_are_turned_away(self):
        host = f"127.0.0.1:{self.service.port}"
        self.assertEqual(self.service.ask("GET", "/healthz", Host="evil.example")[0].status, 421)
        self.assertEqual(self.service.ask("GET", "/v1/gpus", Origin="http://evil.example")[0].status, 403)
        self.assertEqual(self.service.ask("GET", "/v1/gpus", Origin=f"http://{host}")[0].status, 200)

    def test_abuse_leaves_it_serving(self):
        head = b"POST /v1/estimate HTTP/1.1\r\nHost: localhost\r\n"
        self.assertIn(b" 413 ", self.service.send(head + b"Content-Length: 99999999999\r\n\r\n"))
        self.assertIn(b" 413 ", self.service.send(head + b"Transfer-Encoding: chunked\r\n\r\n" +
                                                  (b"100000\r\n" + b"x" * 0x100000 + b"\r\n") * 5))
        self.assertIn(b" 431 ", self.service.send(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10000 + b"\r\n"))
        for nonsense in [b"\x00\xff" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", head + b"Content-Length: -1\r\n\r\n"]:
            received = self.service.send(nonsense + b"\r\n\r\n")
            self.assertTrue(received == b"" or received.startswith(b"HTTP/1.1 4"), received)
        pipelined = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50
        last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertEqual(self.service.send(pipelined + last).count(b'{"status": "ok"}'), 51)
        slow = [socket.create_connection(("127.0.0.1", self.service.port)) for _ in range(100)]
        for connection in slow:
            connection.send(b"GET /healthz HT")
        self.assertEqual(self.service.ask("GET", "/healthz")[0].status, 200)
        for connection in slow:
            connection.close()


class Setups(unittest.TestCase):
    def test_a_token_is_asked_of_everybody(self):
        with Service("--quiet", environment={"VRAM_TOKEN": "secret"}) as service:
            self.assertEqual(service.ask("GET", "/v1/gpus")[0].status, 401)
            self.assertEqual(service.ask("GET", "/v1/gpus", Authorization="Bearer secre")[0].status, 401)
            self.assertEqual(service.ask("GET", "/v1/gpus", Authorization="Bearer secret")[0].status, 200)
            self.assertEqual(service.ask("GET", "/healthz")[0].status, 200)

    def test_beyond_this_machine_only_with_a_token(self):
        with Service("--host", "0.0.0.0") as service:
            self.assertIn("--token", service.first)
            self.assertEqual(service.process.wait(10), 2)

    def test_allowed_folders(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as outside:
            for where in (folder, outside):
                pathlib.Path(where, "config.json").write_text(json.dumps(CONFIG))
            pathlib.Path(folder, "link").symlink_to(outside)
            with Service("--quiet", "--allow-path", folder) as service:
                for path, status in [(folder, 200), (folder + "/config.json", 200), (outside, 404),
                                     (folder + "/link", 404), (folder + "/../" + pathlib.Path(outside).name, 404)]:
                    answer, text = service.ask("POST", "/v1/estimate", {**REQUEST, "model": {"source": path}, "args": {}})
                    self.assertEqual(answer.status, status, (path, text))

    def test_writing_needs_the_token_of_the_page(self):
        with tempfile.TemporaryDirectory() as folder:
            registry = pathlib.Path(folder, "registry.json")
            registry.write_text(json.dumps([{"name": "m", "backend": "vllm", "extra_args": ["--max-model-len", "4096"]}]))
            with Service("--quiet", "--registry", str(registry)) as service:
                change = {"name": "m", "settings": {"context": 8192}}
                self.assertEqual(service.ask("POST", "/v1/registry/apply", change)[0].status, 403)
                token = json.loads(service.ask("GET", "/v1/session")[1])["write_token"]
                answer, text = service.ask("POST", "/v1/registry/apply", {**change, "dry_run": True}, X_Write_Token=token)
                self.assertEqual((answer.status, json.loads(text)["written"]), (200, False), text)
                self.assertIn("4096", registry.read_text())
                answer, text = service.ask("POST", "/v1/registry/apply", change, X_Write_Token=token)
                self.assertEqual((answer.status, json.loads(text)["written"]), (200, True), text)
                self.assertIn("8192", registry.read_text())
                self.assertEqual(json.loads(service.ask("GET", "/v1/registry")[1])[0]["context_window"], 8192)

    def test_it_stops_when_told(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            service = Service()
            service.ask("GET", "/healthz")
            idle = socket.create_connection(("127.0.0.1", service.port))
            begun = time.monotonic()
            service.process.send_signal(number)
            self.assertEqual(service.process.wait(10), 0)
            self.assertLess(time.monotonic() - begun, 8)
            idle.close()
            log = service.process.stderr.read()
            service.process.stderr.close()
            self.assertIn('"GET /healthz" 200', log)


if __name__ == "__main__":
    unittest.main()
