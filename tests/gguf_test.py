#!/usr/bin/env python3
"""gguf_test.py PROGRAM: GGUF files of the official `gguf` package, read as its own reader reads them, and planned as
llama.cpp itself planned them (golden/llamacpp.jsonl, by tools/oracle/llamacpp.py)."""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

try:
    import gguf
except ImportError:
    print("skipped: python3 has no gguf package; tools/install-deps fetches it")
    sys.exit(77)

import gguf_files

PROGRAM = sys.argv.pop(1)


HERE = pathlib.Path(__file__).resolve().parent


def run(*words, **keywords):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60, **keywords)


def planned(path, *words):
    return json.loads(run(path, "--gpu", "RTX-4090", "--json", *words).stdout)


def as_words(args):
    flags = {"ctx_size": "-c", "parallel": "-np", "ubatch_size": "-ub", "flash_attn": "-fa", "cache_type_k": "-ctk", "cache_type_v": "-ctv"}
    words = []
    for name, value in args.items():
        words += [f"--{name.replace('_', '-')}"] if value is True else [flags[name], value]
    return words


def inspected(path):
    answer = run("inspect", path, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


class Gguf(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.files = {}
        for name, make in (gguf_files.MODELS | gguf_files.SHAPES).items():
            cls.files[name] = pathlib.Path(cls.folder.name) / f"{name}.gguf"
            make(cls.files[name])

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def assert_same(self, seen, reader, part=0):
        blocks = [b for b in seen["blocks"] if b["part"] == part]
        expected = [(t.name, [int(n) for n in t.shape], t.tensor_type.name.lower(), int(t.n_bytes), int(t.data_offset)) for t in reader.tensors]
        self.assertEqual([(b["name"], b["shape"], b["dtype"].lower(), b["bytes"], b["offset_bytes"]) for b in blocks], expected)

    def test_tensors_agree_with_the_packages_own_reader(self):
        for name, path in self.files.items():
            with self.subTest(name):
                seen, reader = inspected(path), gguf.GGUFReader(path)
                self.assert_same(seen, reader)
                self.assertEqual(seen["data_begin_bytes"], reader.data_offset)
                self.assertEqual(seen["weights_bytes"], sum(int(t.n_bytes) for t in reader.tensors))
                self.assertEqual(seen["parameters"], sum(int(t.n_elements) for t in reader.tensors))

    def test_metadata_agrees_with_the_packages_own_reader(self):
        for name, path in self.files.items():
            seen = inspected(path)["metadata"]
            for key, field in gguf.GGUFReader(path).fields.items():
                if key.startswith("GGUF."):
                    continue
                expected = field.contents()
                if isinstance(expected, list) and (isinstance(expected[0], str) or len(expected) > 4096):
                    expected = {"length": len(expected)}
                self.assertEqual(seen.pop(key), expected, (name, key))
            self.assertEqual(seen, {}, name)

    def test_every_type_of_the_package_has_its_block_size(self):
        seen = {b["dtype"].upper(): b["bytes"] for b in inspected(self.files["every_type"])["blocks"]}
        for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
            if kind not in gguf_files.NOT_COMPARED:
                self.assertEqual(seen[kind.name], 3 * 2 * max(block, 32) // block * size, kind.name)

    def test_a_split_model_is_one_model(self):
        stem = pathlib.Path(self.folder.name) / "split.gguf"
        gguf_files.dense(stem, split=10)
        parts = sorted(stem.parent.glob("split-*.gguf"))
        self.assertGreater(len(parts), 2)
        whole = inspected(self.files["dense"])
        for path in parts:
            seen = inspected(path)
            self.assertEqual((seen["weights_bytes"], seen["parameters"]), (whole["weights_bytes"], whole["parameters"]))
        for number, path in enumerate(parts):
            self.assert_same(seen, gguf.GGUFReader(path), number)
        parts[1].unlink()
        answer = run("inspect", parts[0])
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertIn(parts[1].name, answer.stderr)

    def test_vllm_leaves_such_files_to_a_plugin(self):
        for source, words in ((self.files["dense"], "Invalid repository ID or local directory specified"),
                              ("org/name-GGUF:Q4_K_M", "Repo id must use alphanumeric chars"),
                              ("org/name-GGUF/x.gguf", "Repo id must be in the form 'repo_name'")):
            answer = run("vllm", "serve", source, "--tokenizer", "org/name", "--gpu", "4090")
            self.assertEqual((answer.returncode, answer.stdout), (1, ""), answer.stderr)
            self.assertIn(words, answer.stderr)
            self.assertIn("plugin", answer.stderr)
        answer = run("vllm", "serve", self.files["dense"], "--gpu", "4090", "--vllm-version", "0.19.0")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("not modelled", answer.stderr)

    def test_a_file_cut_short_is_refused(self):
        cut = pathlib.Path(self.folder.name) / "cut.gguf"
        cut.write_bytes(self.files["dense"].read_bytes()[:-100])
        answer = run("inspect", cut)
        self.assertEqual(answer.returncode, 2)
        self.assertRegex(answer.stderr, r"\Aerror: .*ends behind the file; is the download complete\?\n\Z")

    def test_caches_and_buffers_are_llamacpps(self):
        for line in map(json.loads, (HERE / "golden" / "llamacpp.jsonl").read_text().splitlines()):
            report = planned(self.files[line["model"]], *as_words(line["args"]))
            with self.subTest(line["model"], **line["args"]):
                self.assertEqual([each for each in report["log"] if not each.startswith("load_tensors")], line["log"])
                fitted = 0.2 if line["model"].startswith(("latent", "experts")) else 0.05
                self.assertAlmostEqual(report["ranks"][0]["activation_peak_bytes"] / 2**20 / line["compute_mib"], 1, delta=fitted)

    def test_layers_go_to_the_gpu_from_the_end(self):
        path = self.files["dense"]
        whole = planned(path)
        tensors = {b["name"]: b["bytes"] for b in inspected(path)["blocks"]}
        layer = sum(size for name, size in tensors.items() if name.startswith("blk.0."))
        self.assertEqual(whole["host"]["weights_bytes"], tensors["token_embd.weight"])
        for count in range(6):
            report = planned(path, "-ngl", count)
            self.assertEqual((report["args"]["n_gpu_layers"], report["ranks"][0]["layers"], report["host"]["layers"]), (count, max(count - 1, 0), 5 - max(count, 1)))
            held = report["ranks"][0]["weights_bytes"] + report["host"]["weights_bytes"]
            self.assertEqual(held, whole["ranks"][0]["weights_bytes"] + whole["host"]["weights_bytes"])
            self.assertEqual(report["ranks"][0]["kv_cache_bytes"] * 4, whole["ranks"][0]["kv_cache_bytes"] * max(count - 1, 0))
        self.assertGreater(layer, 0)

    def test_layers_that_predict_further_tokens_are_not_loaded(self):
        path = self.files["delta"]
        loaded = sum(b["bytes"] for b in inspected(path)["blocks"] if not b["name"].startswith("blk.4."))
        report = planned(path)
        held = report["ranks"][0]["weights_bytes"] + report["host"]["weights_bytes"]
        self.assertTrue(loaded <= held < loaded * 1.1, (loaded, held))

    def test_what_is_not_given_is_chosen_so_that_it_fits(self):
        path = self.files["windows"]
        whole = planned(path, "-c", 8192)
        peak = whole["ranks"][0]["peak_bytes"]
        gib = (peak + 2**30 - 2**20) / 2**30  # 1 MiB short of what leaves 1 GiB free
        answer = json.loads(run(path, "--gpu-memory-gib", gib, "--json").stdout)
        self.assertLess(answer["args"]["ctx_size"], 32768)
        self.assertLessEqual(answer["ranks"][0]["peak_bytes"] + 2**30, gib * 2**30)
        self.assertEqual(answer["args"]["n_gpu_layers"], 7)
        fixed = json.loads(run(path, "--gpu-memory-gib", gib, "-c", 8192, "--json").stdout)
        self.assertEqual((fixed["args"]["ctx_size"], fixed["args"]["n_gpu_layers"]), (8192, 6))
        refused = run(path, "--gpu-memory-gib", 0.2, "-ngl", "all", "--json")
        self.assertEqual((refused.returncode, json.loads(refused.stdout)["verdict"]["reason"]), (1, "out_of_memory_loading"))
        self.assertRegex(json.loads(refused.stdout)["verdict"]["message"], r"allocating \d+\.\d\d MiB on device 0: cudaMalloc failed: out of memory")

    def test_the_longest_context_starts_and_a_longer_one_does_not(self):
        path = self.files["dense"]
        gib = (planned(path, "-c", 2048, "-np", 1)["ranks"][0]["peak_bytes"] + 2**20) / 2**30
        found = json.loads(run("max-context", path, "-np", 1, "--gpu-memory-gib", gib, "--json").stdout)
        self.assertEqual((found["limited_by"], found["report"]["verdict"]["fits"]), ("memory", True))
        self.assertGreaterEqual(found["context_tokens"], 2048)
        longer = run(path, "-np", 1, "-ngl", "all", "--fit", "off", "-c", found["context_tokens"] + 256, "--gpu-memory-gib", gib, "--json")
        self.assertFalse(json.loads(longer.stdout)["verdict"]["fits"])
        whole = run("max-context", path, "--gpu", "4090")
        self.assertEqual((whole.returncode, whole.stdout.splitlines()[0]), (0, "Longest context: 4,096 tokens for 4 sequences together, the model's own maximum."))
        self.assertEqual(run("max-context", path, "--gpu-memory-gib", 0.1).returncode, 1)

    def test_a_quantised_v_cache_needs_flash_attention(self):
        refused = run(self.files["dense"], "--gpu", "4090", "-fa", "off", "-ctv", "q8_0")
        self.assertEqual((refused.returncode, refused.stdout), (1, "Refused: quantized V cache was requested, but this requires Flash Attention.\n"))

    def test_a_vision_tower_is_counted(self):
        report = planned(self.files["dense"], "--mmproj", self.files["projector"])
        tower = sum(b["bytes"] for b in inspected(self.files["projector"])["blocks"])
        self.assertGreaterEqual(report["ranks"][0]["projector_bytes"], tower)
        self.assertLess(report["ranks"][0]["projector_bytes"], tower + 128 * 40)
        self.assertEqual(run(self.files["dense"], "--gpu", "4090", "--mmproj", self.files["dense"]).returncode, 2)

    def test_reports_keep_to_the_schema(self):
        import jsonschema
        schema = json.loads((HERE.parent / "docs" / "schema" / "report.schema.json").read_text())
        for name in ("dense", "windows", "hybrid"):
            jsonschema.Draft202012Validator(schema).validate(planned(self.files[name]))
        request = {"model": {"source": str(self.files["dense"])}, "gpu": {"name": "RTX-4090"}, "args": {"ctx_size": 2048, "n_gpu_layers": 2}}
        report = json.loads(run("batch", input=json.dumps(request) + "\n").stdout)
        jsonschema.Draft202012Validator(schema).validate(report)
        self.assertEqual((report["mode"], report["args"]["ctx_size"]), ("llama.cpp", 2048))
        self.assertEqual(sum(c["bytes"] for c in report["components"]), report["ranks"][0]["peak_bytes"])

    def test_errors_are_one_sentence(self):
        dense = self.files["dense"]
        for words in ([self.files["projector"], "--gpu", "4090"], [dense, "--gpu", "4090", "--ctx-sise", 8], [dense, "--gpu", "4090", "-ctk", "q3_K"],
                      [dense, "--gpu", "4090", "-np", 0], [dense, "--gpu", "4090", "-c"], [self.files["every_type"], "--gpu", "4090"], ["ollama:../x", "--gpu", "4090"],
                      ["ollama:none-such", "--gpu", "4090"]):
            answer = run(*words, env={**os.environ, "OLLAMA_MODELS": self.folder.name})
            self.assertEqual((answer.returncode, answer.stdout), (2, ""), words)
            self.assertTrue(answer.stderr.startswith("error: ") and answer.stderr.count("\n") == 1, answer.stderr)

    def test_ollamas_store_is_read_by_name(self):
        store = pathlib.Path(self.folder.name) / "models"
        (store / "blobs").mkdir(parents=True)

        def blob(data):
            digest = hashlib.sha256(data).hexdigest()
            (store / "blobs" / f"sha256-{digest}").write_bytes(data)
            return f"sha256:{digest}"

        kinds = {"model": self.files["dense"].read_bytes(), "projector": self.files["projector"].read_bytes(), "params": b'{"num_ctx": 2048}'}
        manifest = {"schemaVersion": 2, "layers": [{"mediaType": f"application/vnd.ollama.image.{kind}", "digest": blob(data), "size": len(data)} for kind, data in kinds.items()]}
        for name in ("registry.ollama.ai/library/tiny/latest", "registry.ollama.ai/someone/tiny/8b"):
            (store / "manifests" / name).parent.mkdir(parents=True)
            (store / "manifests" / name).write_text(json.dumps(manifest))
        env = {**os.environ, "OLLAMA_MODELS": str(store)}
        for name in ("ollama:tiny", "ollama:tiny:latest", "ollama:/someone/tiny:8b"):
            report = json.loads(run(name, "--gpu", "4090", "--json", env=env).stdout)
            self.assertEqual((report["model"]["name"], report["args"]["ctx_size"], report["args"]["parallel"]), (name, 2048, 1))
            self.assertGreater(report["ranks"][0]["projector_bytes"], 0)
        registry = store / "registry.json"
        registry.write_text(json.dumps([{"name": "t", "backend": "ollama", "backend_config": {"model_path": "ollama:/tiny:latest", "extra_args": ["--num-ctx", "512", "--num-gpu", "2"]}}]))
        report = json.loads(run("registry", "estimate", "t", "--registry", registry, "--gpu", "4090", "--json", env=env).stdout)
        self.assertEqual((report["args"]["ctx_size"], report["args"]["n_gpu_layers"]), (512, 2))
        request = {"model": {"source": "registry:t"}, "gpu": {"name": "RTX-4090"}, "args": {"n_gpu_layers": 1}}
        report = json.loads(run("batch", input=json.dumps(request) + "\n", env=env | {"VRAM_REGISTRY": str(registry)}).stdout)
        self.assertEqual((report["args"]["ctx_size"], report["args"]["n_gpu_layers"]), (512, 1))
        shown = json.loads(run("registry", "show", "t", "--registry", registry, "--json", env=env).stdout)
        self.assertTrue(shown["model"].startswith(str(store / "blobs" / "sha256-")))
        self.assertEqual(run("registry:t", "--gpu", "4090", env=env | {"VRAM_REGISTRY": str(registry)}).returncode, 0)


if __name__ == "__main__":
    unittest.main()
