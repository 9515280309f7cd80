#!/usr/bin/env python3
"""hub_test PROGRAM: models of a hub, against one on this machine that is good, slow, broken and hostile by turns."""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import loopback_hub
from loopback_hub import COMMIT, CONFIG, Weights, sharded

PROGRAM = sys.argv.pop(1)
TOKEN = loopback_hub.ProgramTest.token
GPU = ["--gpu", "H100-SXM-80GB"]


def tensors():
    made = {"model.embed_tokens.weight": [1024, 256], "lm_head.weight": [1024, 256], "model.norm.weight": [256]}
    for i in range(2):
        layer = f"model.layers.{i}."
        made |= {layer + "self_attn.q_proj.weight": [256, 256], layer + "self_attn.k_proj.weight": [128, 256],
                 layer + "self_attn.v_proj.weight": [128, 256], layer + "self_attn.o_proj.weight": [256, 256],
                 layer + "mlp.gate_proj.weight": [512, 256], layer + "mlp.up_proj.weight": [512, 256],
                 layer + "mlp.down_proj.weight": [256, 512], layer + "input_layernorm.weight": [256],
                 layer + "post_attention_layernorm.weight": [256]}
    return {name: ("BF16", 2, shape) for name, shape in made.items()}


class HubTest(loopback_hub.ProgramTest):
    program, gpu = PROGRAM, GPU

    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        cls.pem = loopback_hub.certificate(cls.keys.name)

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()

    def setUp(self):
        super().setUp()
        self.hub.models["org/small"] = {"config.json": json.dumps(CONFIG).encode(), "README.md": b"x",
                                        "model.safetensors": Weights(tensors())}

    def report(self, name="org/small", **variables):
        run = self.run_program(name, *GPU, "--json", **variables)
        self.assertEqual(run.stderr, "")
        return json.loads(run.stdout)

    def refused(self, name="org/small", **variables):
        return self.refusal(name, **variables)

    # What is asked and kept

    def test_a_model_by_name_is_read_by_config_and_headers(self):
        report = self.report()
        self.assertEqual(report["model"]["name"], "org/small")
        self.assertIn(COMMIT[:12], report["model"]["source"])
        self.assertEqual(report["model"]["checkpoint"]["stored_bytes"], report["model"]["checkpoint"]["derived_bytes"])
        for path, headers in self.hub.requests:
            self.assertFalse(path.endswith(".safetensors") and "Range" not in headers, "all of the weights was asked for")

    def test_the_cache_has_the_hubs_own_layout_and_is_read_first(self):
        first = self.report()
        model = self.folder / ".cache/huggingface/hub/models--org--small"
        self.assertEqual((model / "refs/main").read_text(), COMMIT)
        config = model / "snapshots" / COMMIT / "config.json"
        self.assertTrue(config.is_symlink())
        self.assertEqual(config.resolve().parent, (model / "blobs").resolve())
        self.assertEqual(json.loads(config.read_text()), CONFIG)
        self.assertEqual(list(model.rglob("*.tmp*")), [])
        asked = len(self.hub.requests)
        self.assertEqual(self.report(), first)
        self.assertEqual(len(self.hub.requests), asked, "all of it was in the cache")
        self.assertEqual(self.report(HF_HUB_OFFLINE="1"), first)

    def test_a_cache_that_another_program_filled(self):
        snapshot = self.folder / "elsewhere/models--org--local/snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        (snapshot / "config.json").write_text(json.dumps(CONFIG))
        (self.folder / "elsewhere/models--org--local/refs").mkdir()
        (self.folder / "elsewhere/models--org--local/refs/main").write_text(COMMIT)
        report = self.report("org/local", HF_HUB_OFFLINE="1", HF_HUB_CACHE=str(self.folder / "elsewhere"))
        self.assertIsNone(report["model"]["checkpoint"])
        self.assertEqual(self.hub.requests, [])
        front, size = loopback_hub.header(tensors())
        with open(snapshot / "model.safetensors", "wb") as file:
            file.write(front)
            file.truncate(size)
        report = self.report("org/local", HF_HUB_OFFLINE="1", HF_HOME="/nowhere", HF_HUB_CACHE=str(self.folder / "elsewhere"))
        self.assertEqual(report["model"]["checkpoint"]["tensors"], len(tensors()))

    def test_offline_nothing_is_asked(self):
        self.assertIn("not in the hub's cache", self.refused(HF_HUB_OFFLINE="1"))
        self.assertEqual(self.hub.requests, [])

    def test_revisions_are_pinned(self):
        self.report("org/small@" + COMMIT)
        self.assertTrue(all(COMMIT in path for path, _ in self.hub.requests))
        self.assertIn('no revision "v9"', self.refused("org/small@v9"))

    def test_a_cache_that_cannot_be_written_is_no_hindrance(self):
        (self.folder / ".cache").write_text("a file, not a folder")
        self.assertEqual(self.report()["model"]["name"], "org/small")

    def test_other_layouts(self):
        shards = {"model-1.safetensors": Weights({"a": ("BF16", 2, [4])}), "model-2.safetensors": Weights({"b": ("F32", 4, [3])}),
                  "stray.safetensors": Weights({"c": ("F32", 4, [3])})}
        index = {"metadata": {}, "weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
        self.hub.models["org/two"] = shards | {"config.json": json.dumps(CONFIG).encode(),
                                               "model.safetensors.index.json": json.dumps(index).encode()}
        self.assertEqual(self.report("org/two")["model"]["checkpoint"]["stored_bytes"], 20)
        torch = {"metadata": {"total_size": 777}, "weight_map": {"a": "pytorch_model-1.bin"}}
        self.hub.models["org/torch"] = {"config.json": json.dumps(CONFIG).encode(), "pytorch_model-1.bin": b"",
                                        "pytorch_model.bin.index.json": json.dumps(torch).encode()}
        self.assertEqual(self.report("org/torch")["model"]["checkpoint"]["stored_bytes"], 777)
        self.hub.models["org/adapter"] = {"adapter_config.json": b'{"r": 8, "base_model_name_or_path": "org/small"}'}
        self.assertIn("LoRA adapter of rank 8", self.refused("org/adapter"))
        self.hub.models["org/empty"] = {"README.md": b""}
        self.assertIn("it has no config.json", self.refused("org/empty"))

    def test_a_run_that_was_broken_off_goes_on(self):
        files = sharded(40)
        self.hub.models["org/forty"] = files
        self.hub.behaviours = {"model-00040": loopback_hub.status(404, {"X-Error-Code": "EntryNotFound"})}
        self.assertIn("model-00040-of-000040.safetensors", self.refused("org/forty"))
        self.hub.behaviours = {}
        self.hub.requests.clear()
        self.assertEqual(self.report("org/forty")["model"]["checkpoint"]["tensors"], 91_000)
        self.assertEqual([path[-29:] for path, _ in self.hub.requests if "safetensors" in path], ["model-00040-of-000040.safetensors"[-29:]])

    def test_headers_longer_than_the_first_guess(self):
        self.hub.models["org/small"]["model.safetensors"] = Weights(tensors(), pad=300_000)
        self.assertEqual(self.report()["model"]["checkpoint"]["tensors"], len(tensors()))

    def test_163_shards(self):
        self.hub.models["org/large"] = sharded(163)
        self.assertEqual(self.report("org/large")["model"]["checkpoint"]["tensors"], 91_000)

    # The user's own catalogue

    def test_the_users_catalogue(self):
        said = self.run_program("models", "add", "org/small").stderr
        self.assertIn("org/small is in the catalogue", said)
        asked = len(self.hub.requests)
        self.assertEqual(self.report(HF_HUB_OFFLINE="1", HF_HOME="/nowhere")["model"]["checkpoint"]["tensors"], len(tensors()))
        folder = self.folder / "mine"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(CONFIG))
        self.assertEqual(self.run_program("models", "add", folder, "--name", "own").returncode, 0)
        listed = json.loads(self.run_program("models", "--long", "--json").stdout)
        self.assertEqual([each["name"] for each in listed[:2]], ["org/small", "own"])
        self.assertIn(COMMIT[:12], listed[0]["source"])
        self.assertRegex(listed[0]["date"], r"^20\d\d-\d\d-\d\d$")
        self.assertEqual(listed[2]["source"], "built in")
        self.assertEqual(self.report("own")["model"]["layers"], 2)
        (folder / "config.json").write_text(json.dumps(CONFIG | {"num_hidden_layers": 3}))
        self.assertEqual(self.report("own")["model"]["layers"], 2)
        self.assertEqual(self.run_program("models", "refresh", "own").returncode, 0)
        self.assertEqual(self.report("own")["model"]["layers"], 3)
        self.assertEqual(len(self.hub.requests), asked)
        self.assertEqual(self.run_program("models", "refresh").returncode, 0)
        self.assertGreater(len(self.hub.requests), asked)
        self.assertEqual(self.run_program("models", "remove", "own").returncode, 0)
        self.assertEqual(self.run_program("models", "remove", "own").returncode, 2)
        self.assertEqual(self.run_program("models", "own").stdout, "")

    # Secrets

    def test_the_token_goes_to_the_hub_alone(self):
        storage = loopback_hub.Hub(self.pem)
        self.addCleanup(storage.close)
        storage.models = self.hub.models
        signed = f"{storage.url()}/org/small/resolve/main/model.safetensors?X-Amz-Signature=SignedSecret"
        self.hub.behaviours["model.safetensors"] = lambda handler: handler.redirect(signed)
        report = self.report(HF_TOKEN=TOKEN)
        self.assertEqual(report["model"]["checkpoint"]["tensors"], len(tensors()))
        self.assertTrue(all(headers.get("Authorization") == f"Bearer {TOKEN}" for _, headers in self.hub.requests))
        self.assertTrue(storage.requests and not any("Authorization" in headers for _, headers in storage.requests))
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotIn(TOKEN.encode(), file.read_bytes(), file)

    def test_no_secret_is_in_a_sentence(self):
        storage = loopback_hub.Hub(self.pem)
        self.addCleanup(storage.close)
        signed = f"{storage.url()}/blob?X-Amz-Signature=SignedSecret"
        for prefix in ("config.json", "model.safetensors"):
            self.hub.behaviours = {prefix: lambda handler: handler.redirect(signed)}
            said = self.refused(HF_TOKEN=TOKEN, HF_ENDPOINT=self.hub.url().replace("//", "//user:hunter2@"))
            self.assertNotIn("SignedSecret", said)
            self.assertNotIn("hunter2", said)
        said = self.refused(HF_TOKEN="hf_bad\ntoken")
        self.assertIn("HF_TOKEN", said)
        self.assertNotIn("hf_bad", said)

    def test_a_proxy_is_told_its_own_password_alone(self):
        proxy = loopback_hub.Proxy("hunter2")
        self.addCleanup(proxy.close)
        through = {"https_proxy": f"http://user:hunter2@127.0.0.1:{proxy.port}", "no_proxy": "", "HF_TOKEN": TOKEN}
        self.assertEqual(self.report(**through)["model"]["checkpoint"]["tensors"], len(tensors()))
        self.assertTrue(proxy.requests and all(path == f"localhost:{self.hub.port}" for path, _ in proxy.requests))
        self.assertNotIn(TOKEN, str(proxy.requests))
        self.assertFalse(any("Proxy-Authorization" in headers for _, headers in self.hub.requests))
        self.assertTrue(all(headers["Authorization"] == f"Bearer {TOKEN}" for _, headers in self.hub.requests))
        fresh = {"HF_HUB_CACHE": str(self.folder / "fresh")}
        for wrong in (f"http://user:hunter3@127.0.0.1:{proxy.port}", "http://user:hunter3@127.0.0.1:1", "http://user:hunter3@nowhere.invalid"):
            said = self.refused(**through | fresh | {"https_proxy": wrong})
            for secret in ("hunter", "user", "dXNlcjpodW50ZXI"):
                self.assertNotIn(secret, said)

    def test_what_is_typed_with_a_password_is_not_repeated(self):
        for words in (["https://user:hunter2@host/org/name", *GPU], ["inspect", "https://user:hunter2@host/x.gguf"],
                      ["org/small", *GPU, "--max-model-len=https://user:hunter2@host/"]):
            run = self.run_program(*words)
            self.assertEqual((run.returncode, run.stdout), (2, ""))
            self.assertNotIn("hunter2", run.stderr)
        batch = subprocess.run([PROGRAM, "batch"], input='{"model": {"source": "https://user:hunter2@host/x"}, "gpu": {"name": "4090"}}\n',
                               capture_output=True, text=True, timeout=60)
        self.assertIn("https://***@host/x", batch.stdout)

    def test_no_report_and_no_launch_line_has_a_secret(self):
        words = ["HF_TOKEN=hf_Sesame", "VLLM_API_KEY=sk-Sesame", "vllm", "serve", "org/small", *GPU, "--hf-token", "hf_Sesame", "--api-key", "sk-Sesame",
                 "sk-Sesame2", "--otlp-traces-endpoint", "http://user:Sesame@host/", "--kv-transfer-config.kv_connector_extra_config.secret_access_key", "Sesame"]
        for style in (["--json"], [], ["--verbose"], ["--log"], ["--quiet"], *(["--format", name] for name in (
                "launch", "docker", "compose", "kubernetes", "ray-serve", "vllm-yaml", "csv", "markdown"))):
            run = self.run_program(*words, *style, HF_TOKEN=TOKEN)
            self.assertLess(run.returncode, 2, run.stderr)
            self.assertNotRegex(run.stdout + run.stderr, f"Sesame|{TOKEN}", style)

    def test_a_quoted_log_line_has_no_secret(self):
        line = ("INFO 10-01 12:00:00 [utils.py:233] non-default args: {'model': 'Qwen/Qwen3-8B', 'api_key': ['sk-Sesame'], 'hf_token': 'hf_Sesame', "
                "'max_model_len': 8192}\nINFO 10-01 12:00:10 [gpu_worker.py:298] Available KV cache memory: 10.00 GiB\n"
                "RuntimeError: cannot reach http://user:Sesame@host/ --api-key=sk-Sesame\n")
        (self.folder / "log").write_text(line)
        for style in (["--json"], []):
            run = self.run_program("diagnose", self.folder / "log", *style)
            self.assertNotIn("Sesame", run.stdout + run.stderr)
            self.assertIn("8,192" if style != ["--json"] else "8192", run.stdout)

    def test_the_token_of_the_users_folder_is_used(self):
        (self.folder / "home").mkdir()
        (self.folder / "home/token").write_text(TOKEN + "\n")
        self.report(HF_HOME=str(self.folder / "home"))
        self.assertEqual(self.hub.requests[0][1]["Authorization"], f"Bearer {TOKEN}")
        self.hub.requests.clear()
        self.report("org/small@" + COMMIT, HF_HOME=str(self.folder / "home"), HF_HUB_DISABLE_IMPLICIT_TOKEN="1",
                    HF_HUB_CACHE=str(self.folder / "fresh"), XDG_CACHE_HOME=str(self.folder / "other"))
        self.assertNotIn("Authorization", self.hub.requests[0][1])

    def test_an_untrusted_certificate_is_refused(self):
        self.assertIn("localhost", self.refused(SSL_CERT_FILE="/etc/ssl/certs/ca-certificates.crt"))

    # Refusals

    def test_refusals_are_clear(self):
        gated = {"X-Error-Code": "GatedRepo"}
        for behaviour, token, words in (
                (loopback_hub.status(401, gated), "", "it is gated"),
                (loopback_hub.status(403, gated), TOKEN, "with the account that HF_TOKEN belongs to"),
                (loopback_hub.status(401, {"X-Error-Code": "RepoNotFound"}), "", "no public model of that name"),
                (loopback_hub.status(401), TOKEN, "does not accept HF_TOKEN"),
                (loopback_hub.status(403), TOKEN, "refuses access"),
                (loopback_hub.status(429, {"Retry-After": "300"}), "", "wait 300 seconds, or set HF_TOKEN")):
            self.hub.behaviours = {"config.json": behaviour}
            self.assertIn(words, self.refused(HF_TOKEN=token))
        self.hub.behaviours = {}
        self.assertIn("no public model of that name", self.refused("org/missing"))

    # Slow, broken, hostile

    def test_what_passes_is_tried_again(self):
        for behaviour in (loopback_hub.status(503, times=2), loopback_hub.status(429, {"Retry-After": "1"}, times=1)):
            self.hub.behaviours = {"config.json": behaviour}
            self.assertEqual(self.report(HF_HUB_CACHE=str(self.folder / str(time.time())))["model"]["name"], "org/small")

    def test_broken_answers_end_in_a_sentence(self):
        self.hub.behaviours = {"config.json": loopback_hub.broken}
        self.assertIn(f"localhost:{self.hub.port}/org/small/resolve", self.refused())
        self.hub.behaviours = {"config.json": loopback_hub.status(503)}
        self.assertIn("HTTP status 503", self.refused())
        self.hub.behaviours = {"api/models": lambda handler: handler.answer(200, b"<html>")}
        self.refused()
        self.hub.behaviours = {"api/models": lambda handler: handler.answer(200, b'{"sha": "../../etc", "siblings": []}')}
        self.assertIn("names no commit", self.refused())

    def test_a_hub_that_stalls_is_left(self):
        self.hub.behaviours = {"config.json": loopback_hub.slow(3)}
        begin = time.perf_counter()
        self.assertIn("does not answer in time", self.refused(HF_HUB_DOWNLOAD_TIMEOUT="1"))
        self.assertLess(time.perf_counter() - begin, 30)

    def test_nobody_there(self):
        self.hub.close()
        self.assertIn("HF_HUB_OFFLINE", self.refused())

    def test_redirect_loops_end(self):
        self.hub.behaviours = {"config.json": lambda handler: handler.redirect(handler.path)}
        self.assertIn("redirects more than 5 times", self.refused())
        self.hub.behaviours = {"config.json": lambda handler: handler.redirect("http://localhost/x")}
        self.assertIn("without TLS", self.refused())
        self.hub.behaviours = {"config.json": lambda handler: handler.redirect("file:///etc/passwd")}
        self.refused()

    def test_hostile_weights(self):
        class Front(Weights):
            def __init__(self, front, size):
                self.front, self.size = front, size

        huge = struct.pack("<Q", 10 << 30) + b"{}"
        for front, size, words in ((huge, 20 << 30, "more than the format's 100,000,000"), (b"\x08\0\0", 3, "ends before"),
                                   (struct.pack("<Q", 5) + b"{\"a\":", 13, "it ends"), (b"<html>notfound", 14, "more than"),
                                   (struct.pack("<Q", 90_000_000) + b"{", 100, "ends inside its header")):
            self.hub.models["org/small"]["model.safetensors"] = Front(front, size)
            self.assertIn(words, self.refused())
        self.hub.models["org/small"]["model.safetensors"] = Weights(tensors())

        def wrong_range(handler):
            handler.answer(206, b"\0" * 100, {"Content-Range": "bytes 500-599/1000"})
        self.hub.behaviours = {"model.safetensors": wrong_range}
        self.assertIn("another part of the file", self.refused())
        self.hub.behaviours = {"model.safetensors": lambda handler: handler.answer(200, handler.server.hub.models["org/small"]["model.safetensors"].part(0, 10**6))}
        self.assertEqual(self.report()["model"]["checkpoint"]["tensors"], len(tensors()))

    def test_hostile_indexes(self):
        for file in ("../../../etc/passwd", "/etc/passwd"):
            self.hub.models["org/small"]["model.safetensors.index.json"] = json.dumps({"weight_map": {"a": file}}).encode()
            self.assertIn("is no name of a file beside it", self.refused(HF_HUB_CACHE=str(self.folder / file[-4:] / file[:2])))
        self.hub.models["org/small"]["model.safetensors.index.json"] = b"[" * 100_000
        self.refused(HF_HUB_CACHE=str(self.folder / "deep"))

    def test_endless_bodies_are_cut(self):
        def endless(handler):
            handler.send_response(200)
            handler.end_headers()
            handler.close_connection = True
            try:
                while True:
                    handler.wfile.write(b"x" * 65536)
            except OSError:
                pass
        self.hub.behaviours = {"config.json": endless}
        self.assertIn("more than the", self.refused())

    def scope(self, name="org/scope.1"):
        """Has the hub answer as ModelScope does; answers the variables that name it."""
        files = self.hub.models["org/small"]

        def answer(handler):
            if "/repo/files" in handler.path:
                listed = [{"Path": path, "Type": "blob", "Sha256": f"{abs(hash(str(content))):064x}"} for path, content in files.items()]
                return handler.answer(200, json.dumps({"Code": 200, "Data": {"Files": listed}}).encode())
            return handler.content(files[handler.path.split("FilePath=")[1]])
        self.hub.behaviours = {f"/api/v1/models/{name}/": answer}
        return {"VLLM_USE_MODELSCOPE": "True", "MODELSCOPE_ENDPOINT": self.hub.url(), "HF_TOKEN": TOKEN}

    def test_modelscope(self):
        variables = self.scope()
        first = self.report("org/scope.1", **variables)
        self.assertEqual(first["model"]["checkpoint"]["tensors"], len(tensors()))
        self.assertNotIn(TOKEN, str(self.hub.requests), "that token is another hub's")
        self.assertTrue(all("Revision=master" in path for path, _ in self.hub.requests))
        kept = self.folder / ".cache/modelscope/models/org--scope.1/snapshots/master/config.json"
        self.assertEqual(json.loads(kept.read_text()), CONFIG)
        asked = len(self.hub.requests)
        self.assertEqual(self.report("org/scope.1", **variables), first)
        self.assertEqual(self.report("org/scope.1", HF_HUB_OFFLINE="1", **variables), first)
        self.assertEqual(len(self.hub.requests), asked, "all of it was in the cache")
        self.assertIn("not in the hub's cache", self.refused("org/scope.1@v2", HF_HUB_OFFLINE="1", **variables))
        report = self.report("org/scope.1@v2", **variables)
        self.assertEqual(report["model"]["checkpoint"]["tensors"], len(tensors()))
        self.assertTrue(all("Revision=v2" in path for path, _ in self.hub.requests[asked:]))

    def test_modelscopes_token(self):
        variables = self.scope() | {"MODELSCOPE_API_TOKEN": "ms-Sesame"}
        self.report("org/scope.1", **variables)
        for _, headers in self.hub.requests:
            self.assertEqual((headers["Authorization"], headers["Cookie"]), ("Bearer ms-Sesame", "m_session_id=ms-Sesame"))
        storage = loopback_hub.Hub(self.pem)
        self.addCleanup(storage.close)
        storage.models = self.hub.models
        serve = self.hub.behaviours["/api/v1/models/org/scope.1/"]
        signed = f"{storage.url()}/org/small/resolve/main/model.safetensors?Signature=SignedSecret"
        self.hub.behaviours = {"FilePath=model.safetensors": lambda handler: handler.redirect(signed), "/api/v1/models/org/scope.1/": serve}
        self.report("org/scope.1@v3", **variables | {"XDG_CACHE_HOME": str(self.folder / "fresh")})
        self.assertTrue(storage.requests)
        self.assertNotIn("Sesame", str(storage.requests))
        for file in self.folder.rglob("*"):
            if file.is_file():
                self.assertNotRegex(file.read_bytes(), b"Sesame|SignedSecret", file)
        self.hub.behaviours = {"/api/v1/": loopback_hub.status(401)}
        said = self.refused("org/other", **variables)
        self.assertIn("does not accept MODELSCOPE_API_TOKEN", said)
        self.assertNotIn("Sesame", said)
        self.assertIn("needs MODELSCOPE_API_TOKEN", self.refused("org/other", **variables | {"MODELSCOPE_API_TOKEN": ""}))

    def test_modelscopes_older_folders(self):
        variables = self.scope() | {"HF_HUB_OFFLINE": "1"}
        for place in ("models/org/scope___1", "hub/models/org/scope___1", "hub/org/scope___1"):
            home = self.folder / place.replace("/", "-")
            folder = home / place
            folder.mkdir(parents=True)
            (folder / "config.json").write_text(json.dumps(CONFIG))
            self.assertEqual(self.report("org/scope.1", **variables | {"MODELSCOPE_CACHE": str(home)})["model"]["layers"], 2)
        self.assertEqual(self.hub.requests, [])

    def test_names_of_the_catalogue_need_no_hub(self):
        self.assertEqual(self.report("Qwen/Qwen3-8B")["model"]["name"], "Qwen/Qwen3-8B")
        self.assertEqual(self.hub.requests, [])


loopback_hub.run_tests(HubTest)
