"""The service as its callers see it: a real process, real sockets."""
import concurrent.futures
import gzip
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest

import loopback_hub

PROGRAM = sys.argv.pop(1)
REQUEST = {"model": {"source": "Qwen/Qwen3-8B"}, "gpu": {"name": "RTX-4090"}, "args": {"max_model_len": 8192}}
CONFIG = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 1024, "intermediate_size": 3072,
          "num_hidden_layers": 4, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
          "vocab_size": 1000, "max_position_embeddings": 4096, "torch_dtype": "bfloat16"}


SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "docs" / "schema"


def as_typed(text):
    """JSON with its numbers as they were written and its members in order."""
    return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=lambda pairs: pairs)


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
        for body, status in [("{", 400), ("[]", 400), ({"model": {"source": 1}}, 400), ({**REQUEST, "gpus": []}, 400),
                             ({**REQUEST, "model": {"source": "no/such-model"}}, 404),
                             ({**REQUEST, "args": {"max_model_length": 1}}, 409),
                             ({**REQUEST, "model": {"config": {}}}, 409)]:
            answer, text = self.service.ask("POST", "/v1/estimate", body)
            self.assertEqual(answer.status, status, text)
            self.assertIn("message", json.loads(text)["error"])

    def test_errors_are_the_sentences_of_batch(self):
        bodies = [{"model": {"source": 1}}, {**REQUEST, "gpus": []}, {**REQUEST, "gpu": {"name": "no such card"}},
                  {**REQUEST, "args": {"max_model_length": 1}}, {**REQUEST, "engine": {"version": "0.1"}}]
        lines = subprocess.run([PROGRAM, "batch", "-"], input="\n".join(map(json.dumps, bodies)), capture_output=True,
                               text=True).stdout.splitlines()
        for body, line in zip(bodies, lines):
            self.assertEqual(self.service.ask("POST", "/v1/estimate", body)[1].decode(), line)

    def test_examples_of_the_schemas_are_answered(self):
        paths = json.loads(self.service.ask("GET", "/openapi.json")[1])["paths"]
        for path, operations in paths.items():
            schema = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
            if not schema:
                continue
            name = schema["schema"]["$ref"].rsplit("/", 1)[1]
            for example in json.loads((SCHEMAS / f"{name}.schema.json").read_text()).get("examples", []):
                answer, text = self.service.ask("POST", path, example)
                self.assertEqual(answer.status, 200, (path, text))

    def test_it_answers_what_the_commands_answer(self):
        launch = ["Qwen/Qwen3-8B", "--gpu", "RTX-4090", "--max-model-len", "8192"]
        workload = {"workload": {"concurrent_requests": 4, "context_tokens": 4096}}
        plan = {"request": {"model": REQUEST["model"], **workload}, "gpus": "l4,2xl40s"}
        for command, method, path, body in [
                (["max-context", *launch], "POST", "/v1/max-context", REQUEST),
                (["max-context", *launch, "--concurrency", "3"], "POST", "/v1/max-context", {"request": REQUEST, "concurrency": 3}),
                (["inspect", *launch], "POST", "/v1/inspect", REQUEST),
                (["inspect", *launch, "--pipeline-parallel-size", "2", "--stage", "1"], "POST", "/v1/inspect",
                 {"request": {**REQUEST, "args": {"max_model_len": 8192, "pipeline_parallel_size": 2}}, "stage": 1}),
                (["limits", *launch, "--concurrency", "4"], "POST", "/v1/limits", {"request": REQUEST, "concurrency": 4}),
                (["matrix", *launch], "POST", "/v1/matrix", {"request": REQUEST}),
                (["matrix", *launch, "--contexts", "2048,4096", "--requests", "1,9"], "POST", "/v1/matrix",
                 {"request": REQUEST, "contexts": [2048, 4096], "requests": [1, 9]}),
                (["plan", "Qwen/Qwen3-8B", "--concurrency", "4", "--context", "4096", "--gpus", "l4,2xl40s"], "POST", "/v1/plan", plan),
                (["gpus"], "GET", "/v1/gpus", None), (["gpus", "--detect"], "GET", "/v1/detect", None),
                (["models", "qwen3 8b"], "GET", "/v1/models?search=qwen3%208b", None),
                (["profiles"], "GET", "/v1/profiles", None)]:
            said = subprocess.run([PROGRAM, *command, "--json"], capture_output=True, text=True)
            answer, text = self.service.ask(method, path, body)
            self.assertEqual((answer.status, as_typed(text)), (200, as_typed(said.stdout)), command)

    def test_sweep_is_what_the_command_writes(self):
        for request, words, vary in [
                (REQUEST, ["Qwen/Qwen3-8B", "--gpu", "RTX-4090", "--max-model-len", "8192"],
                 {"max_model_len": "2k:32k:x2", "kv_cache_dtype": "auto,fp8", "gpu": "4090,l4", "model": "Qwen/Qwen3-8B,Qwen/Qwen3-4B"}),
                ({"model": {"formula": {"params_billion": 8, "layers": 36, "kv_heads": 8, "head_dim": 128}}, "gpu": {"name": "L4"}},
                 ["--params-billion", "8", "--layers", "36", "--kv-heads", "8", "--head-dim", "128"], {"context_k": "1:64:x2"})]:
            flags = [word for name, values in vary.items() for word in ("--vary", f"{name}={values}")]
            said = subprocess.run([PROGRAM, "sweep", *words, *flags, "--format", "jsonl"], capture_output=True, text=True)
            answer, text = self.service.ask("POST", "/v1/sweep", {"request": request, "vary": vary})
            self.assertEqual((answer.status, text.decode()), (200, said.stdout), said.stderr)
        for vary, status in [({"max_model_len": "1:1000000000:+1"}, 409), ({}, 409), ({"model": "/etc/passwd"}, 404),
                             ({"max_model_len": "1:1000:+1", "max_num_seqs": "1:1000:+1", "gpu_memory_gib": "1:9:+1"}, 409)]:
            self.assertEqual(self.service.ask("POST", "/v1/sweep", {"request": REQUEST, "vary": vary})[0].status, status)

    def test_the_other_questions(self):
        for method, path, body, member in [
                ("POST", "/v1/diagnose", {"log": "INFO 01-01 00:00:00 vLLM API server version 0.9.2"}, "outcome"),
                ("GET", "/openapi.json", None, "paths"), ("GET", "/healthz", None, "status")]:
            answer, text = self.service.ask(method, path, body)
            self.assertEqual(answer.status, 200, (path, text))
            self.assertIn(member, json.loads(text))

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
            self.assertIn(answer.status, (404, 409), path)
            self.assertNotIn(b"root:", body)

    def test_other_sites_and_other_names_are_turned_away(self):
        host = f"127.0.0.1:{self.service.port}"
        self.assertEqual(self.service.ask("GET", "/healthz", Host="evil.example")[0].status, 421)
        self.assertEqual(self.service.ask("GET", "/v1/gpus", Origin="http://evil.example")[0].status, 403)
        self.assertEqual(self.service.ask("GET", "/v1/gpus", Origin=f"http://{host}")[0].status, 200)

    def test_answers_may_do_nothing_in_a_browser(self):
        for path in ("/healthz", "/v1/nothing", "/openapi.json"):
            answer, _ = self.service.ask("GET", path)
            self.assertEqual(answer.getheader("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'")
            self.assertEqual(answer.getheader("X-Content-Type-Options"), "nosniff")
            self.assertEqual(answer.getheader("Cache-Control"), "no-store")

    def test_the_page_is_compressed_and_asked_for_once(self):
        answer, front = self.service.ask("GET", "/", Accept_Encoding="gzip, deflate")
        if answer.status == 404:
            self.skipTest("built without the page")
        self.assertIn(b"<html", front)
        path = "/theme.js"
        answer, packed = self.service.ask("GET", path, Accept_Encoding="gzip, deflate")
        self.assertEqual((answer.getheader("Content-Encoding"), answer.getheader("Cache-Control")), ("gzip", "no-cache"))
        gzip.decompress(packed)
        for path in (path, "/"):
            tag = self.service.ask("GET", path, Accept_Encoding="gzip")[0].getheader("ETag")
            again, body = self.service.ask("GET", path, Accept_Encoding="gzip", If_None_Match=tag)
            self.assertEqual((again.status, again.getheader("ETag"), body), (304, tag, b""))
        answer, smaller = self.service.ask("GET", "/vram.wasm", Accept_Encoding="br, gzip;q=0.5")
        if answer.getheader("Content-Encoding") == "br":
            self.assertLess(len(smaller), len(self.service.ask("GET", "/vram.wasm", Accept_Encoding="gzip")[1]))
        self.assertEqual(self.service.ask("GET", "/vram.wasm", Accept_Encoding="br;q=0")[0].status, 406)
        for path in re.findall(rb'(?:src|href)="\./(assets/[^"]+)"', front):
            answer, _ = self.service.ask("GET", "/" + path.decode(), Accept_Encoding="gzip")
            self.assertEqual((answer.status, answer.getheader("Cache-Control")), (200, "max-age=31536000, immutable"))

    def test_metrics_count_what_was_answered(self):
        def counted():
            text = self.service.ask("GET", "/metrics")[1].decode()
            self.assertEqual(re.sub(r"^(#.*|[a-z_]+({[^}]*})? [-+0-9.e]+(Inf)?)$", "", text, flags=re.M).strip(), "")
            return {name: float(value) for name, value in re.findall(r"^(\S+(?: [^ ]+\"})?[^ ]*) (\S+)$", text, re.M)}
        before = counted()
        self.service.ask("POST", "/v1/estimate", REQUEST)
        self.service.ask("POST", "/v1/estimate", "{")
        self.service.ask("GET", "/nothing")
        after = counted()
        grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
        for name, by in [('vram_requests_total{route="POST /v1/estimate",status="2xx"}', 1),
                         ('vram_requests_total{route="POST /v1/estimate",status="4xx"}', 1),
                         ('vram_requests_total{route="other",status="4xx"}', 1),
                         ('vram_request_seconds_count{route="POST /v1/estimate"}', 2),
                         ('vram_request_seconds_bucket{route="POST /v1/estimate",le="+Inf"}', 2)]:
            self.assertEqual(grown.get(name), by, name)

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

    def test_slow_callers_make_room(self):
        slow = [socket.create_connection(("127.0.0.1", self.service.port)) for _ in range(1200)]
        for connection in slow:
            try:
                connection.send(b"GET /healthz HT")
            except OSError:
                pass
        for _ in range(3):
            self.assertEqual(self.service.ask("GET", "/healthz")[0].status, 200)
        for connection in slow:
            connection.close()

    def test_who_takes_too_long_is_let_go(self):
        begun = time.monotonic()
        silent, slow = (socket.create_connection(("127.0.0.1", self.service.port)) for _ in range(2))
        slow.settimeout(0.5)
        with self.assertRaises(OSError):
            for letter in b"GET / HTTP/1.1\r\nX: " + b"x" * 100:
                slow.send(bytes([letter]))
                try:
                    if slow.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    pass
        self.assertEqual(silent.recv(1), b"")
        self.assertTrue(9 < time.monotonic() - begun < 15)
        for connection in (silent, slow):
            connection.close()

    def test_lengths_that_contradict_each_other_are_no_call(self):
        head = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\n"
        smuggled = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for lengths in [b"Content-Length: 2\r\nContent-Length: 20\r\n", b"Content-Length: 2, 20\r\n", b"Content-Length: +2\r\n",
                        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked, identity\r\n",
                        b"Content-Length : 2\r\n"]:
            received = self.service.send(head + lengths + b"\r\n{}" + smuggled)
            self.assertTrue(received.startswith(b"HTTP/1.1 4"), (lengths, received))
            self.assertNotIn(b'"ok"', received, lengths)
        self.assertIn(b" 421 ", self.service.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    def test_large_questions_are_bounded(self):
        deep = b"[" * 200_000
        self.assertEqual(self.service.ask("POST", "/v1/estimate", deep)[0].status, 413)
        lines = b"\n" * 1_000_000 + b"{}\n" + b"[" * 100_000 + b"\n"
        answer, text = self.service.ask("POST", "/v1/batch", lines)
        self.assertEqual((answer.status, text.count(b"\n")), (200, 2))
        self.assertEqual(self.service.ask("POST", "/v1/ask", {"text": "x" * 20_001})[0].status, 400)
        begun = time.monotonic()
        self.service.ask("POST", "/v1/ask", {"text": "qwen3 4090 " * 1800})
        self.assertLess(time.monotonic() - begun, 10)
        self.assertEqual(self.service.ask("POST", "/v1/diagnose", {"log": "x" * (33 << 20)})[0].status, 413)
        for config in ({"num_hidden_layers": 2**31}, {"vocab_size": 2**31, "hidden_size": 2**31}):
            begun = time.monotonic()
            self.service.ask("POST", "/v1/estimate", {**REQUEST, "model": {"config": {**CONFIG, **config}}})
            self.assertLess(time.monotonic() - begun, 20, config)


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

    def test_a_gguf_file_is_inspected_as_it_is(self):
        def text(words):
            return struct.pack("<Q", len(words)) + words
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "x.gguf")
            tensor = text(b"output.weight") + struct.pack("<IQIQ", 1, 32, 0, 0)
            front = struct.pack("<IIQQ", 0x46554747, 3, 1, 1) + text(b"general.architecture") + struct.pack("<I", 8) + text(b"llama") + tensor
            file.write_bytes(front.ljust(-(-len(front) // 32) * 32 + 128, b"\0"))
            said = subprocess.run([PROGRAM, "inspect", str(file), "--json"], capture_output=True, text=True)
            with Service("--quiet", "--allow-path", folder) as service:
                answer, body = service.ask("POST", "/v1/inspect", {"model": {"source": str(file)}})
                self.assertEqual((answer.status, as_typed(body)), (200, as_typed(said.stdout)), said.stderr)
                self.assertEqual(service.ask("POST", "/v1/inspect", {"model": {"source": "/tmp/none.gguf"}})[0].status, 404)
                self.assertEqual(service.ask("POST", "/v1/inspect", {"request": {**REQUEST, "args": {}}, "stage": 1})[0].status, 409)

    def test_logs_of_allowed_folders(self):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as outside:
            log = b"INFO 01-01 00:00:00 vLLM API server version 0.9.2\n\xff\n"
            pathlib.Path(folder, "vllm.log").write_bytes(log)
            pathlib.Path(outside, "secret").write_text("secret")
            pathlib.Path(folder, "link").symlink_to(outside + "/secret")
            with Service("--quiet", "--allow-path", folder) as service:
                answer, text = service.ask("GET", f"/v1/log?path={folder}/vllm.log")
                self.assertEqual((answer.status, answer.getheader("Content-Type"), text), (200, "text/plain; charset=utf-8", log))
                for path, status in [("", 404), (folder + "/link", 404), (folder + "/../" + outside.rsplit("/", 1)[1] + "/secret", 404),
                                     ("/etc/passwd", 404), (folder + "/none", 404), (folder, 409), (folder + "/vllm.log%00", 404)]:
                    answer, text = service.ask("GET", "/v1/log?path=" + path)
                    self.assertEqual(answer.status, status, (path, text))
                    self.assertNotIn(b"root:", text)
                self.assertEqual(service.ask("GET", "/v1/log")[0].status, 400)
            with Service("--quiet") as service:
                self.assertEqual(service.ask("GET", f"/v1/log?path={folder}/vllm.log")[0].status, 404)

    def test_the_page_is_told_what_there_is(self):
        with tempfile.TemporaryDirectory() as folder:
            registry = pathlib.Path(folder, "registry.json")
            registry.write_text("[]")
            for options, offline, words in [(["--registry", str(registry), "--allow-path", folder], "0", b"detect registry hub paths"),
                                            ([], "1", b"detect")]:
                with Service("--quiet", *options, environment={"HF_HUB_OFFLINE": offline, "HOME": folder}) as service:
                    answer, front = service.ask("GET", "/")
                    if answer.status == 404:
                        self.skipTest("built without the page")
                    self.assertIn(b'<meta name="service" content="' + words + b'"></head>', front)

    def test_a_model_as_a_request_holds_it(self):
        quantisation = {"quant_method": "fp8", "activation_scheme": "dynamic"}
        tensors = {f"model.layers.{i}.mlp.down_proj.weight": ("BF16", 2, [8, 8]) for i in range(3)}
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "config.json").write_text(json.dumps(CONFIG))
            front, size = loopback_hub.header(tensors)
            pathlib.Path(folder, "model.safetensors").write_bytes(front.ljust(size, b"\0"))
            with Service("--quiet", "--allow-path", folder) as service:
                for name in ("Qwen/Qwen3-8B", folder):
                    answer, text = service.ask("GET", f"/v1/model?name={name}")
                    self.assertEqual(answer.status, 200, text)
                    found = json.loads(text)
                    request = {"gpu": {"name": "RTX-4090"}, "args": {"max_model_len": 4096}}
                    whole, given = (json.loads(service.ask("POST", "/v1/estimate", {**request, "model": model})[1])
                                    for model in (found["model"], {"source": name}))
                    self.assertEqual(given["model"].pop("source"), found["source"])
                    for report in (whole, given):
                        for member in ("source", "fingerprint"):
                            report["model"].pop(member, None)
                    self.assertEqual(whole, given)
                pathlib.Path(folder, "hf_quant_config.json").write_text(json.dumps(quantisation))
                found = json.loads(service.ask("GET", f"/v1/model?name={folder}")[1])
                self.assertEqual(found["model"]["config"], {**CONFIG, "quantization_config": quantisation})
                self.assertEqual(whole["model"]["checkpoint"]["tensors"], 3)
                for query, status in [("", 400), ("?name=", 404), ("?name=no/such-model", 404), ("?name=/etc", 404),
                                      ("?name=registry:none", 404), ("?names=x", 400)]:
                    self.assertEqual(service.ask("GET", "/v1/model" + query)[0].status, status, query)

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

    def test_a_change_of_the_registry_is_taken_back(self):
        with tempfile.TemporaryDirectory() as folder:
            registry = pathlib.Path(folder, "registry.json")
            text = json.dumps([{"name": "m", "backend": "vllm", "extra_args": ["--max-model-len", "4096"]}])
            registry.write_text(text)
            pathlib.Path(folder, "other.json.bak").write_text("[]")
            with Service("--quiet", "--registry", str(registry)) as service:
                token = {"X_Write_Token": json.loads(service.ask("GET", "/v1/session")[1])["write_token"]}

                def apply(context):
                    answer, body = service.ask("POST", "/v1/registry/apply", {"name": "m", "settings": {"context": context}}, **token)
                    self.assertEqual(answer.status, 200, body)
                    return {member: json.loads(body)[member] for member in ("backup", "fingerprint")}

                def restore(change, **headers):
                    answer, body = service.ask("POST", "/v1/registry/restore", change, **(headers or token))
                    return answer.status, json.loads(body)

                first = apply(8192)
                self.assertEqual(restore(first, X_Write_Token="no")[0], 403)
                for change, status in [({"backup": first["backup"]}, 400), ({**first, "backup": "/etc/passwd"}, 404),
                                       ({**first, "backup": folder + "/other.json.bak"}, 404),
                                       ({**first, "fingerprint": "0123456789abcdef"}, 409)]:
                    self.assertEqual(restore(change)[0], status, change)
                    self.assertIn("8192", registry.read_text())
                status, answer = restore(first)
                self.assertEqual((status, answer["written"], registry.read_text()), (200, True, text))
                self.assertIn("8192", answer["diff"])
                self.assertEqual(restore({**first, "fingerprint": answer["fingerprint"]})[1]["written"], False)
                first, second = apply(8192), apply(2048)
                self.assertEqual(restore(first)[0], 409)
                registry.write_text(registry.read_text() + "\n")
                status, answer = restore(second)
                self.assertEqual(status, 409)
                self.assertIn("it has changed since", answer["error"]["message"])
                self.assertIn("2048", registry.read_text())

    def test_calibrations_are_learnt_shown_and_forgotten(self):
        log = "\n".join(["INFO 11-01 00:00:00 [api_server.py:1] vLLM API server version 0.11.0",
                         "INFO 11-01 00:00:00 [utils.py:1] non-default args: {'model': 'Qwen/Qwen3-8B', 'max_model_len': 8192}",
                         "INFO 11-01 00:00:10 [gpu_model_runner.py:1] Model loading took 15.2683 GiB and 9.1 seconds",
                         "INFO 11-01 00:00:30 [gpu_worker.py:1] Available KV cache memory: 4.70 GiB",
                         "INFO 11-01 00:00:31 [kv_cache_utils.py:1] GPU KV cache size: 34,224 tokens"])
        with tempfile.TemporaryDirectory() as home:
            environment = {"XDG_CONFIG_HOME": home, "HOME": home}
            pathlib.Path(home, "vllm.log").write_text(log)
            with Service("--quiet", environment=environment) as service:
                question = {"logs": [log], "profile": "mine", "gpu": "RTX-4090"}
                self.assertEqual(service.ask("POST", "/v1/calibrate", question)[0].status, 403)
                token = {"X_Write_Token": json.loads(service.ask("GET", "/v1/session")[1])["write_token"]}
                answer, text = service.ask("POST", "/v1/calibrate", question, **token)
                self.assertEqual(answer.status, 200, text)
                said = subprocess.run([PROGRAM, "calibrate", home + "/vllm.log", "--profile", "mine", "--gpu", "RTX-4090",
                                       "--json"], capture_output=True, text=True, env={**os.environ, **environment})
                self.assertEqual(as_typed(text), as_typed(said.stdout), said.stderr)
                self.assertEqual(json.loads(service.ask("GET", "/v1/calibrations")[1]), ["mine"])
                exported = service.ask("GET", "/v1/calibrations/export?name=mine")[1]
                self.assertEqual(as_typed(exported), as_typed(text))
                answer, _ = service.ask("POST", "/v1/estimate", {**REQUEST, "calibration": json.loads(exported)})
                self.assertEqual(answer.status, 200)
                for name in ("../mine", "/etc/passwd", home + "/vram-estimator/calibrations/mine.json", "mine.json"):
                    self.assertEqual(service.ask("GET", "/v1/calibrations/export?name=" + name)[0].status, 404)
                for path, body, status in [("/v1/calibrate", {**question, "profile": "../x"}, 400),
                                           ("/v1/calibrate", {"logs": ["nothing"]}, 409),
                                           ("/v1/calibrations/remove", {"name": "../mine"}, 409),
                                           ("/v1/calibrations/remove", {"name": "mine"}, 200),
                                           ("/v1/calibrations/remove", {"name": "mine"}, 404)]:
                    self.assertEqual(service.ask("POST", path, body, **token)[0].status, status, body)
                self.assertEqual(json.loads(service.ask("GET", "/v1/calibrations")[1]), [])

    def test_calls_in_flight_end_and_a_second_signal_does_not_wait(self):
        for signals, rows, whole in ((1, 10_000, True), (2, 1_000_000, False)):
            service = Service("--quiet")
            connection = socket.create_connection(("127.0.0.1", service.port), 60)
            body = json.dumps({"request": REQUEST, "vary": {"max_model_len": f"1:{rows}:+1"}})
            connection.sendall(f"POST /v1/sweep HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            received = connection.recv(1000)
            for _ in range(signals):
                service.process.send_signal(signal.SIGTERM)
                time.sleep(0.2 if signals > 1 else 0)
            try:
                while piece := connection.recv(1 << 20):
                    received = received[-1000:] + piece
            except ConnectionResetError:
                pass
            connection.close()
            self.assertEqual(received.endswith(b"0\r\n\r\n"), whole)
            self.assertEqual(service.process.wait(10), 0 if whole else -signal.SIGTERM)
            service.process.stderr.close()

    def test_a_search_ends_where_its_caller_leaves(self):
        def seconds():
            return sum(map(int, pathlib.Path(f"/proc/{service.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / 100
        body = json.dumps({"request": {"model": {"source": "deepseek-ai/DeepSeek-V3"},
                                       "workload": {"concurrent_requests": 4096, "context_tokens": 131072}}, "max_gpus": 1024})
        with Service("--quiet") as service:
            connection = socket.create_connection(("127.0.0.1", service.port), 60)
            connection.sendall(f"POST /v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            time.sleep(1)
            connection.close()
            ended = b'vram_requests_total{route="POST /v1/plan",status="5xx"} 1'
            for _ in range(100):
                told = service.ask("GET", "/metrics")[1]
                if ended in told:
                    break
                time.sleep(0.2)
            self.assertIn(ended, told)
            self.assertLess(seconds(), 5)

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


class FromTheHub(unittest.TestCase):
    """Against a hub of its own: the one that HF_ENDPOINT names is the only one that is asked."""

    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.keys.cleanup)
        cls.pem = loopback_hub.certificate(cls.keys.name)

    def setUp(self):
        self.hub = loopback_hub.Hub(self.pem)
        self.addCleanup(self.hub.close)
        self.hub.models["org/small"] = {"config.json": json.dumps(CONFIG).encode()}
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)

    def service(self, offline="0"):
        service = Service("--quiet", environment={"HOME": self.home.name, "XDG_CACHE_HOME": self.home.name, "HF_ENDPOINT": self.hub.url(),
                                                  "HF_HOME": self.home.name, "SSL_CERT_FILE": self.pem, "HF_HUB_OFFLINE": offline,
                                                  "HF_HUB_DOWNLOAD_TIMEOUT": "1"})
        self.addCleanup(service.__exit__)
        return service

    def test_what_is_not_here_is_asked_of_it_once(self):
        service = self.service()
        answer, text = service.ask("POST", "/v1/estimate", {**REQUEST, "model": {"source": "org/small"}, "args": {}})
        self.assertEqual(answer.status, 200, text)
        self.assertTrue(self.hub.requests)
        self.hub.requests.clear()
        answer, text = service.ask("GET", "/v1/model?name=org/small")
        self.assertEqual((answer.status, json.loads(text)["model"]["config"]), (200, CONFIG))
        service.ask("POST", "/v1/max-context", {**REQUEST, "model": {"source": "org/small"}, "args": {}})
        self.assertEqual(self.hub.requests, [])
        self.assertEqual(service.ask("GET", "/v1/model?name=org/none")[0].status, 404)

    def test_offline_only_its_cache_is_read(self):
        self.assertEqual(self.service().ask("GET", "/v1/model?name=org/small")[0].status, 200)
        self.hub.requests.clear()
        service = self.service(offline="1")
        self.assertEqual(service.ask("GET", "/v1/model?name=org/small")[0].status, 200)
        self.assertEqual(service.ask("GET", "/v1/model?name=org/other")[0].status, 404)
        self.assertEqual(self.hub.requests, [])

    def test_while_it_does_not_answer_others_are_served(self):
        self.hub.behaviours = {"": loopback_hub.slow(4)}
        service = self.service()
        def ask():
            return service.ask("GET", "/v1/model?name=org/small")[0].status
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            waiting = [pool.submit(ask) for _ in range(24)]
            time.sleep(0.5)
            begun = time.monotonic()
            for _ in range(20):
                self.assertEqual(service.ask("POST", "/v1/estimate", REQUEST)[0].status, 200)
            self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual({each.result() for each in waiting}, {503})


if __name__ == "__main__":
    unittest.main()
