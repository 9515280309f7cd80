#!/usr/bin/env python3
"""`diagnose` and `calibrate` through the program itself, on logs in the words of several releases."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "docs" / "schema" / "diagnosis.schema.json"
PROGRAM = sys.argv.pop(1)
GIB = 2**30


def run(*words, home=None, **keywords):
    env = dict(os.environ, HOME=home or "/nonexistent")
    env.pop("XDG_CONFIG_HOME", None)
    keywords.setdefault("text", True)
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, timeout=120, env=env, **keywords)


def batch(*requests):
    lines = run("batch", "-", input="".join(json.dumps(r) + "\n" for r in requests)).stdout.splitlines()
    return [json.loads(line) for line in lines]


def log(*, version="0.19.0", model="Qwen/Qwen3-8B", tp=1, args=None, length=40960, lines=()):
    """A start of `model` up to its configuration, and `lines`."""
    args = {"model": model, **(args or {})}
    engine = "(EngineCore pid=12) INFO 01-02 03:04:05 "
    head = [f"(APIServer pid=1) INFO 01-02 03:04:05 [utils.py:233] vLLM API server version {version}",
            f"(APIServer pid=1) INFO 01-02 03:04:05 [utils.py:233] non-default args: {args!r}",
            engine + f"[core.py:103] Initializing a V1 LLM engine (v{version}) with config: model='{model}', speculative_config=None, "
            f"dtype=torch.bfloat16, max_seq_len={length}, tensor_parallel_size={tp}, pipeline_parallel_size=1, data_parallel_size=1, "
            "quantization=None, enforce_eager=False, kv_cache_dtype=auto, seed=0"]
    return "\n".join(head + [engine + line for line in lines]) + "\n"


# Published start-up b1-0120 of data/measured: Llama-3.1-8B on an H100, vLLM 0.19.0.
H100 = ["[gpu_model_runner.py:1] Model loading took 14.99 GiB memory and 3.2 seconds", "[gpu_worker.py:2] Available KV cache memory: 58.11 GiB",
        "[kv_cache_utils.py:3] GPU KV cache size: 476,048 tokens", "[gpu_model_runner.py:4] Graph capturing finished in 4 secs, took 0.91 GiB",
        "[core.py:5] init engine (profile, create kv cache, warmup model) took 20.5 seconds"]
STARTED = log(model="meta-llama/Llama-3.1-8B-Instruct", length=8192, lines=H100,
              args={"max_model_len": 8192, "gpu_memory_utilization": 0.95, "max_num_batched_tokens": 8192})

TOO_LONG = log(args={"gpu_memory_utilization": 0.9}, lines=[
    "[gpu_model_runner.py:1] Model loading took 15.27 GiB memory and 3.2 seconds", "[gpu_worker.py:2] Available KV cache memory: 4.10 GiB",
    "ERROR [core.py:9] EngineCore failed to start.",
    "ERROR [core.py:9] ValueError: To serve at least one request with the models's max seq len (40960), (5.62 GiB KV cache is needed, which is larger than "
    "the available KV cache memory (4.10 GiB). Based on the available memory, the estimated maximum model length is 29840. Try increasing"])

NOT_FREE = log(args={"gpu_memory_utilization": 0.9, "max_model_len": 4096}, length=4096, lines=[
    "ERROR [core.py:9] EngineCore failed to start.",
    "ERROR [core.py:9] ValueError: Free memory on device cuda:0 (19.50/23.52 GiB) on startup is less than desired GPU memory utilization (0.9, 21.16 GiB). Decrease"])

AFTER_CACHE = log(args={"gpu_memory_utilization": 0.98, "max_model_len": 4096}, length=4096, lines=[
    "[gpu_model_runner.py:1] Model loading took 15.27 GiB memory and 3.2 seconds", "[gpu_worker.py:2] Available KV cache memory: 6.10 GiB",
    "[kv_cache_utils.py:3] GPU KV cache size: 44,416 tokens",
    "ERROR [core.py:9] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 200.00 MiB. GPU 0 has a total capacity of 23.52 GiB of which 60.00 MiB is free."])


class Diagnose(unittest.TestCase):
    def diagnosis(self, text, *words):
        answer = run("diagnose", "-", "--json", *words, input=text)
        self.assertIn(answer.returncode, (0, 1), answer.stderr)
        found = json.loads(answer.stdout)
        jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(found)
        return found, answer.returncode

    def test_a_start_beside_its_prediction(self):
        found, status = self.diagnosis(STARTED, "--gpu", "H100-SXM-80GB")
        self.assertEqual((found["outcome"], found["reason"], status), ("started", "ok", 0))
        self.assertEqual(found["stated"]["available_kv_gib"], 58.11)
        self.assertEqual(found["stated"]["kv_tokens"], 476048)
        by_name = {row["quantity"]: row for row in found["comparison"]}
        self.assertTrue(by_name["model_loading_gib"]["inside"])
        self.assertEqual(by_name["available_kv_gib"]["line"], 5)
        self.assertFalse(found["lines_missing"])
        self.assertIn(5, [line["line"] for line in found["evidence"]])

    def test_the_gpu_is_guessed_from_the_figures_and_called_a_guess(self):
        found, _ = self.diagnosis(STARTED)
        self.assertEqual([guess["about"] for guess in found["guesses"]], ["gpu"])
        self.assertAlmostEqual(found["report"]["gpu"]["total_bytes"] / GIB, 79.2, delta=0.6)

    def test_every_suggestion_works_when_planned_by_itself(self):
        for text, reason in ((TOO_LONG, "max_model_len_too_long"), (NOT_FREE, "free_memory_below_request")):
            found, status = self.diagnosis(text, "--gpu", "4090")
            self.assertEqual((found["outcome"], found["reason"], status), ("refused", reason, 1))
            self.assertTrue(found["suggestions"], reason)
            for suggestion in found["suggestions"]:
                args = {**{k: v for k, v in found["report"]["args"].items() if k in ("gpu_memory_utilization", "max_model_len")}, **suggestion["change"].get("args", {})}
                args = {name: value for name, value in args.items() if value is not None}
                gpu = {"name": "RTX-4090", **{k: v for k, v in suggestion["change"].get("gpu", {}).items() if v is not None}}
                model = {"source": "Qwen/Qwen3-8B", **suggestion["change"].get("model", {})}
                (report,) = batch({"model": model, "engine": {"name": "vllm", "version": "0.19.0"}, "gpu": gpu, "args": args})
                self.assertTrue(report["verdict"]["fits"], suggestion)

    def test_its_own_figures_bound_the_length(self):
        found, _ = self.diagnosis(TOO_LONG, "--gpu", "4090")
        lengths = [s["change"]["args"]["max_model_len"] for s in found["suggestions"] if list(s["change"].get("args", {})) == ["max_model_len"]]
        self.assertTrue(lengths and all(16384 <= length <= 29840 for length in lengths), lengths)

    def test_out_of_memory_after_the_cache(self):
        found, _ = self.diagnosis(AFTER_CACHE, "--gpu", "4090")
        self.assertEqual((found["outcome"], found["cause"]["line"]), ("oom_capture", 7))
        change = found["suggestions"][0]["change"]["args"]
        self.assertLess(change["gpu_memory_utilization"], 0.98)

    def test_what_is_missing_is_said(self):
        for text in ("", "nothing of vLLM's\n", STARTED[:STARTED.index("Available")]):
            answer = run("diagnose", "-", input=text)
            self.assertEqual(answer.returncode, 1)
            self.assertIn("Lines are missing", answer.stdout)
        self.assertIn("no line of the log names it", run("diagnose", "-", input="").stdout)

    def test_another_reason_is_not_called_memory(self):
        text = log(lines=["ERROR [core.py:9] EngineCore failed to start.", "ERROR [core.py:9] TypeError: type 'array.array' is not subscriptable"])
        found, _ = self.diagnosis(text, "--gpu", "4090")
        self.assertEqual((found["outcome"], found["reason"], found["suggestions"]), ("refused", "another_reason", []))

    def test_prefixes_and_colours_change_nothing(self):
        plain, _ = self.diagnosis(STARTED, "--gpu", "H100-SXM-80GB")
        for wrap in ("vllm-1  | {}", "2026-07-08T22:40:06.098303108Z {}", "\x1b[1;36m{}\x1b[0m", "> {}", "{}\r"):
            text = "".join(wrap.format(line) + "\n" for line in STARTED.splitlines())
            found, _ = self.diagnosis(text, "--gpu", "H100-SXM-80GB")
            self.assertEqual((found["stated"], found["outcome"]), (plain["stated"], plain["outcome"]), wrap)

    def test_hostile_bytes(self):
        noise = random.Random(7)
        texts = [bytes(noise.randrange(256) for _ in range(20000)), b"\0" * 5000, b"x" * (4 << 20), STARTED.encode().replace(b"58.11", b"1e999"),
                 b"non-default args: " + b"{'a': " * 20000, STARTED.encode() * 50]
        for text in texts:
            answer = run("diagnose", "-", "--json", input=text, text=False)
            self.assertIn(answer.returncode, (0, 1), answer.stderr[-300:])
            json.loads(answer.stdout)

    def test_misuse(self):
        for words in (["diagnose"], ["diagnose", "/nonexistent.log"], ["diagnose", "a", "b"], ["diagnose", "-", "--gpu", "nosuchcard"], ["diagnose", "-", "--nosuchflag"]):
            answer = run(*words, input="")
            self.assertEqual(answer.returncode, 2, words)
            self.assertRegex(answer.stderr, r"^error: [^\n]+\n$")


class Calibrate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.home = self.folder.name
        self.log = pathlib.Path(self.home) / "start.log"
        self.log.write_text(STARTED.replace("58.11", "57.11"))
        self.gpu = ["--gpu", "H100-SXM-80GB"]

    def tearDown(self):
        self.folder.cleanup()

    def profiles(self):
        return sorted(p.name for p in (pathlib.Path(self.home) / ".config/vram-estimator/calibrations").glob("*"))

    def available(self, *words):
        answer = run("meta-llama/Llama-3.1-8B-Instruct", *self.gpu, "--vllm-version", "0.19.0", "--json", "--max-model-len", 8192, *words, home=self.home)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        return json.loads(answer.stdout)["ranks"][0]["available_kv_bytes"] / GIB

    def test_what_is_learnt_is_applied_shrunk(self):
        before = self.available()
        self.assertEqual(run("calibrate", self.log, *self.gpu, "--profile", "mine", home=self.home).returncode, 0)
        self.assertEqual(self.profiles(), ["mine.json"])
        profile = json.loads(run("calibrate", "--export", "mine", home=self.home).stdout)
        (start,) = profile["start_ups"]
        moved = before - self.available("--calibration", "mine")
        seen = start["differences"]["non_torch_bytes"] / GIB
        self.assertGreater(seen, 0.5)
        self.assertAlmostEqual(moved, seen * 1 / 1.25, delta=0.05 + abs(start["differences"]["model_loading_bytes"]) / GIB)

    def test_a_request_may_hold_it(self):
        run("calibrate", self.log, *self.gpu, home=self.home)
        profile = json.loads(run("calibrate", "--show", "default", "--json", home=self.home).stdout)
        request = {"model": {"source": "meta-llama/Llama-3.1-8B-Instruct"}, "gpu": {"name": "H100-SXM-80GB"}, "engine": {"name": "vllm", "version": "0.19.0"}, "args": {"max_model_len": 8192}}
        (report,) = batch({**request, "calibration": profile})
        self.assertAlmostEqual(report["ranks"][0]["available_kv_bytes"] / GIB, self.available("--calibration", "default"), delta=1e-6)
        self.assertIn("calibration", [a["about"] for a in report["assumptions"]])
        for broken in ({}, {"start_ups": 3}, {"start_ups": [{"vllm_version": "x"}]}, {"schema": "vram-estimator/calibration/9", "start_ups": []}, {"start_ups": [{"vllm_version": "0.19.0", "differences": {"non_torch_bytes": 1e300}}]}):
            (answer,) = batch({**request, "calibration": broken})
            self.assertIn("calibration", answer["error"]["message"] + "calibration" * ("version" in answer["error"]["message"]), broken)

    def test_profiles_are_listed_shown_and_removed(self):
        for name in ("b", "a"):
            self.assertEqual(run("calibrate", self.log, *self.gpu, "--profile", name, home=self.home).returncode, 0)
        self.assertEqual(run("calibrate", "--list", home=self.home).stdout, "a\nb\n")
        self.assertIn("1 start-up", run("calibrate", "--show", "a", home=self.home).stdout)
        self.assertEqual(run("calibrate", self.log, *self.gpu, "--profile", "a", "--add", home=self.home).returncode, 0)
        self.assertIn("2 start-ups", run("calibrate", "--show", "a", home=self.home).stdout)
        self.assertEqual(run("calibrate", "--remove", "a", home=self.home).returncode, 0)
        self.assertEqual(self.profiles(), ["b.json"])
        answer = run("calibrate", "--show", "a", home=self.home)
        self.assertEqual(answer.returncode, 2)
        self.assertIn("known are b", answer.stderr)

    def test_refused_names_and_files(self):
        for words in (["--profile", "../x", self.log, *self.gpu], ["--show", "."], ["--export", "/nonexistent.json"], ["--remove", "none"], ["/dev/null"], []):
            answer = run("calibrate", *words, home=self.home)
            self.assertEqual(answer.returncode, 2, words)
            self.assertTrue(answer.stderr.splitlines()[-1].startswith("error: "), answer.stderr)

    def test_a_failed_write_leaves_the_old_profile(self):
        run("calibrate", self.log, *self.gpu, home=self.home)
        folder = pathlib.Path(self.home) / ".config/vram-estimator/calibrations"
        old = (folder / "default.json").read_text()
        if os.geteuid() != 0:
            folder.chmod(0o500)
            self.assertEqual(run("calibrate", self.log, *self.gpu, home=self.home).returncode, 2)
            folder.chmod(0o700)
        self.assertEqual((folder / "default.json").read_text(), old)
        self.assertEqual(self.profiles(), ["default.json"])

    def test_a_log_of_another_model_teaches_nothing(self):
        self.log.write_text(STARTED.replace("14.99", "29.99"))
        answer = run("calibrate", self.log, *self.gpu, home=self.home)
        self.assertEqual(answer.returncode, 2)
        self.assertIn("another model ran", answer.stderr)

    def test_a_snapshot_of_the_existing_tool(self):
        line = {"timestamp": "2026-01-02T03:04:05", "model": "m", "backend": "vllm", "served_model_id": "meta-llama/Llama-3.1-8B-Instruct",
                "payload": {"metrics": {"gpu_memory_gib": {"used": 74.0}, "runtime_context_tokens": 8192, "runtime_batch": 1, "configured_max_num_seqs": 16}}}
        snapshot = pathlib.Path(self.home) / "runtime.jsonl"
        snapshot.write_text(json.dumps({**line, "payload": {"metrics": {"gpu_memory_gib": {"used": 1}}}}) + "\n" + json.dumps(line) + "\n" + json.dumps({**line, "backend": "ollama"}) + "\n")
        answer = run("calibrate", snapshot, *self.gpu, "--vllm-version", "0.19.0", "--json", home=self.home)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        (start,) = json.loads(answer.stdout)["start_ups"]
        self.assertEqual(list(start["differences"]), ["cuda_graph_bytes"])
        snapshot.write_text('{"payload": 1}\n')
        self.assertEqual(run("calibrate", snapshot, *self.gpu, home=self.home).returncode, 2)


if __name__ == "__main__":
    unittest.main()
