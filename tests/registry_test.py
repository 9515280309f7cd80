#!/usr/bin/env python3
"""registry_test.py PROGRAM FAULTS: the registry through the program, also where the disk is full, the process is killed
or another one is writing. FAULTS is the library that makes system calls go wrong."""
import copy
import fcntl
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PROGRAM, FAULTS = sys.argv.pop(1), sys.argv.pop(1)
# A sanitizer has system calls of its own in front of a preloaded library's.
SANITISED = b"__asan_init" in pathlib.Path(PROGRAM).read_bytes()

ENTRIES = [
    {"name": "qwen3-8b_(BF16)", "display_name": "Qwen3 8B – bf16", "backend": "vllm", "quantization": "bf16", "served_model_id": "qwen3",
     "backend_config": {"port": 24001, "model_path": "/models/Qwen/Qwen3-8B", "extra_args": ["--tensor-parallel-size", "1", "--kv-cache-dtype", "fp8", "--gpu-memory-utilization=0.85", "--max-model-len", "5120"]},
     "generation_defaults": {"temperature": 0.70, "context_window": 5120}, "source": None, "tags": ["a", "ü"], "score": 1.50},
    {"name": "gpt-oss-20b_(MXFP4)", "backend": "vllm", "quantization": "mxfp4", "source": {"huggingface_id": "openai/gpt-oss-20b"},
     "backend_config": {"model_path": "/models/somewhere", "extra_args": ["--max-model-len=7168", "--swap-space", "4"]}, "generation_defaults": {},
     "metadata": {"architecture": {"num_layers": 24, "num_kv_heads": 8, "head_dim": 45}}},
    {"name": "unheard-of_(FP8)", "backend": "vllm", "quantization": "fp8", "backend_config": {"model_path": "/models/none/such", "extra_args": []},
     "download_size_bytes": 10_000_000_000, "metadata": {"architecture": {"num_layers": 36, "num_kv_heads": 8, "head_dim": 128, "context_length": 8192, "vision": {}}}},
    {"name": "llama_(Q5_K_M)", "backend": "ollama", "quantization": "q5_k_m", "backend_config": {"model_path": "ollama:/llama3.1-local:latest", "extra_args": []}, "generation_defaults": {"top_k": 64},
     "metadata": {"ollama_parameter_size": "8.0B"}},
]
VLLM, OLLAMA = ENTRIES[0]["name"], ENTRIES[3]["name"]


class WithRegistry(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = pathlib.Path(self.folder.name) / "registry.json"
        self.text = json.dumps(ENTRIES, indent=2, ensure_ascii=False) + "\n"
        self.file.write_text(self.text)

    def run_program(self, *words, **environment):
        return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "VRAM_REGISTRY": str(self.file), **environment})

    def apply(self, name, *words, **environment):
        return self.run_program("registry", "apply", name, *words, **environment)

    def expected(self, name, args, context):
        entries = copy.deepcopy(ENTRIES)
        entry = next(e for e in entries if e["name"] == name)
        entry["backend_config"]["extra_args"] = args
        entry["generation_defaults"]["context_window"] = context
        return entries


class Registry(WithRegistry):
    def test_apply_changes_exactly_the_named_flags(self):
        answer = self.apply(VLLM, "--max-model-len", "8k", "--max-num-seqs", 4)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        args = ["--tensor-parallel-size", "1", "--kv-cache-dtype", "fp8", "--gpu-memory-utilization=0.85", "--max-model-len", "8000", "--max-num-seqs", "4"]
        after = self.file.read_text()
        self.assertEqual(after, json.dumps(self.expected(VLLM, args, 8000), indent=2, ensure_ascii=False) + "\n")
        self.assertEqual(pathlib.Path(str(self.file) + ".bak").read_text(), self.text)
        self.assertIn('-        "5120"\n+        "8000",\n+        "--max-num-seqs",\n+        "4"\n', answer.stdout)
        again = self.apply(VLLM, "--max-model-len", "8k", "--max-num-seqs", 4)
        self.assertEqual((again.returncode, again.stdout, self.file.read_text()), (0, "", after))

    def test_apply_to_ollama(self):
        self.assertEqual(self.apply(OLLAMA, "--num-ctx", 4096).returncode, 0)
        self.assertEqual(json.loads(self.file.read_text()), self.expected(OLLAMA, ["--num-ctx", "4096"], 4096))
        self.assertEqual(self.apply(OLLAMA, "--num-ctx", 1, "--max-num-seqs", 1).returncode, 2)

    def test_a_dry_run_writes_nothing(self):
        answer = self.apply(VLLM, "--max-model-len", 8192, "--dry-run")
        self.assertIn('-        "5120"\n+        "8192"\n', answer.stdout)
        self.assertEqual((self.file.read_text(), os.listdir(self.folder.name)), (self.text, ["registry.json"]))

    def test_every_entry_estimates_or_says_what_is_missing(self):
        expected = {VLLM: (0, "Starts"), ENTRIES[1]["name"]: (0, "Starts"), ENTRIES[2]["name"]: (0, "VRAM Estimate"), OLLAMA: (2, "lacks layers, kv_heads, head_dim")}
        for name, (status, words) in expected.items():
            answer = self.run_program("registry", "estimate", name, "--gpu", "4090")
            self.assertEqual(answer.returncode, status, answer.stderr)
            self.assertIn(words, answer.stdout + answer.stderr)

    def test_an_entry_is_launched_as_it_says(self):
        report = json.loads(self.run_program("registry:" + VLLM, "--gpu", "4090", "--json").stdout)
        self.assertEqual([report["args"][key] for key in ("max_model_len", "gpu_memory_utilization", "kv_cache_dtype")], [5120, 0.85, "fp8"])
        report = json.loads(self.run_program("registry", "estimate", VLLM, "--gpu", "4090", "--max-model-len", 1024, "--json").stdout)
        self.assertEqual((report["args"]["max_model_len"], report["model"]["name"]), (1024, "Qwen/Qwen3-8B"))
        line = subprocess.run(
            [PROGRAM, "batch"], input=json.dumps({"model": {"source": "registry:" + ENTRIES[1]["name"]}, "gpu": {"name": "RTX-4090"}}) + "\n",
            capture_output=True, text=True, env={**os.environ, "VRAM_REGISTRY": str(self.file)}, timeout=60).stdout
        self.assertEqual(json.loads(line)["args"]["max_model_len"], 7168)

    def test_what_this_release_no_longer_takes_is_said(self):
        answer = self.run_program("registry", "estimate", ENTRIES[1]["name"], "--gpu", "4090")
        self.assertIn("--swap-space", answer.stderr)
        self.assertTrue(answer.stderr.startswith("warning: "), answer.stderr)

    def test_show_says_where_each_figure_came_from(self):
        shown = json.loads(self.run_program("registry", "show", ENTRIES[1]["name"], "--json").stdout)
        self.assertEqual(shown["figures"]["head_dim"], {"value": 64.0, "from": "config.json: head_dim"})
        self.assertEqual(shown["missing"], ["params_billion"])
        self.assertIn("missing", self.run_program("registry", "show", OLLAMA).stdout)

    def test_a_snapshot_of_the_metrics_log_counts(self):
        log = pathlib.Path(self.folder.name) / "metrics.jsonl"
        metrics = {"gpu_memory_gib": {"used": 14.0}, "runtime_context_tokens": 4096, "runtime_batch": 2}
        log.write_text(json.dumps({"timestamp": "2025-11-07", "model": ENTRIES[2]["name"], "payload": {"metrics": metrics}}) + "\n")
        answer = json.loads(self.run_program("registry", "estimate", ENTRIES[2]["name"], "--metrics-log", log, "--profile", "default", "--json").stdout)["formula"]
        self.assertEqual(answer["overhead_gib"], 0.5)
        self.assertAlmostEqual(answer["weights_gib"] + answer["kv_gib"] + answer["overhead_gib"] + answer["vision_gib"], 14.0)

    def test_secrets_of_a_launch_are_not_shown_nor_given_away(self):
        entries = copy.deepcopy(ENTRIES)
        entries[0]["backend_config"]["extra_args"] += ["--api-key", "sk-Sesame", "sk-Sesame2", "--hf-token=hf_Sesame"]
        self.file.write_text(json.dumps(entries, indent=2))
        self.file.chmod(0o600)
        for words in (["show", VLLM], ["show", VLLM, "--json"], ["list", "--json"], ["estimate", VLLM, "--gpu", "4090", "--json"], ["estimate", VLLM, "--gpu", "4090", "--format", "launch"],
                      ["apply", VLLM, "--max-model-len", 8192, "--max-num-seqs", 4, "--dry-run"], ["apply", VLLM, "--max-model-len", 8192, "--max-num-seqs", 4]):
            answer = self.run_program("registry", *words)
            self.assertLess(answer.returncode, 2, answer.stderr)
            self.assertNotIn("Sesame", answer.stdout + answer.stderr, words)
        self.assertIn("sk-Sesame2", self.file.read_text())
        for file in (self.file, pathlib.Path(str(self.file) + ".bak")):
            self.assertEqual(file.stat().st_mode & 0o777, 0o600, file)

    def test_list_and_search(self):
        self.assertEqual(len(json.loads(self.run_program("registry", "list", "--json").stdout)), 4)
        found = json.loads(self.run_program("registry", "search", "VLLM fp8", "--json").stdout)
        self.assertEqual([e["name"] for e in found], [ENTRIES[2]["name"]])
        self.assertEqual(self.run_program("registry", "search", "nothing-like-it").returncode, 1)

    def test_errors_are_one_sentence(self):
        for words in (["registry", "apply", "nope", "--max-model-len", 8], ["registry", "apply", VLLM], ["registry", "show", "nope"], ["registry", "apply", VLLM, "--gpu-memory-utilization", 7],
                      ["registry", "apply", VLLM, "--max-model-len", 0], ["registry:nope", "--gpu", "4090"]):
            answer = self.run_program(*words)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""), words)
            self.assertTrue(answer.stderr.startswith("error: ") and answer.stderr.count("\n") == 1, answer.stderr)
        self.assertEqual(self.file.read_text(), self.text)


class Faults(WithRegistry):
    WORDS = ("--max-model-len", 8192, "--max-num-seqs", 4)

    def faulty(self, fault, at):
        return self.apply(VLLM, *self.WORDS, LD_PRELOAD=FAULTS, VRAM_FAULT=fault, VRAM_FAULT_AT=str(at))

    def calls(self):
        count = pathlib.Path(self.folder.name) / "count"
        answer = self.apply(VLLM, *self.WORDS, LD_PRELOAD=FAULTS, VRAM_FAULT_COUNT=str(count))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        after, calls = self.file.read_text(), int(count.read_text())
        count.unlink()
        self.assertGreater(calls, 15)
        self.assertNotEqual(after, self.text)
        return after, calls

    @unittest.skipIf(SANITISED, "faults cannot be preloaded into a sanitised program")
    def test_killed_in_front_of_any_call_the_file_is_the_old_or_the_new_one(self):
        after, calls = self.calls()
        seen = set()
        for at in range(1, calls + 1):
            self.file.write_text(self.text)
            backup = pathlib.Path(str(self.file) + ".bak")
            backup.unlink(missing_ok=True)
            self.assertEqual(self.faulty("kill", at).returncode, 137, at)
            left = self.file.read_text()
            self.assertIn(left, (self.text, after), at)
            self.assertIn(backup.read_text() if backup.exists() or left == after else self.text, (self.text,), at)
            seen.add(left)
            self.assertEqual(self.apply(VLLM, *self.WORDS).returncode, 0, f"the next one after a kill at {at}")
            self.assertEqual(self.file.read_text(), after)
        self.assertEqual(seen, {self.text, after})

    @unittest.skipIf(SANITISED, "faults cannot be preloaded into a sanitised program")
    def test_what_is_renamed_is_on_disk_before_and_stays_there(self):
        trace = pathlib.Path(self.folder.name) / "trace"
        self.apply(VLLM, *self.WORDS, LD_PRELOAD=FAULTS, VRAM_FAULT_TRACE=str(trace))
        calls = trace.read_text().split()
        self.assertEqual([call for call in calls if call in ("flock", "fsync", "rename")],
                         ["flock"] + 2 * ["fsync", "rename", "fsync"], "for the backup, then for the file")

    @unittest.skipIf(SANITISED, "faults cannot be preloaded into a sanitised program")
    def test_on_a_full_disk_the_file_stays_and_a_sentence_says_so(self):
        after, calls = self.calls()
        full = 0
        for at in range(1, calls + 1):
            self.file.write_text(self.text)
            pathlib.Path(str(self.file) + ".bak").unlink(missing_ok=True)
            answer = self.faulty("full", at)
            left = self.file.read_text()
            if answer.returncode == 0:
                self.assertEqual(left, after, at)
                continue
            full += 1
            self.assertEqual((answer.returncode, left), (2, self.text), at)
            self.assertRegex(answer.stderr, r"\Aerror: .*no space left on device\n\Z")
            self.assertEqual([f for f in os.listdir(self.folder.name) if ".tmp-" in f], [], at)
        self.assertGreater(full, 5)

    def test_what_another_process_writes_meanwhile_is_kept(self):
        def write_often():
            for number in range(150):
                entries = copy.deepcopy(ENTRIES)
                entries[2]["touched"] = number
                temporary = str(self.file) + ".other"
                pathlib.Path(temporary).write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
                os.replace(temporary, self.file)
                time.sleep(0.002)
        other = threading.Thread(target=write_often)
        other.start()
        while other.is_alive():
            self.assertIn(self.apply(VLLM, *self.WORDS).returncode, (0, 2))
            json.loads(self.file.read_text())
        other.join()
        self.assertEqual(self.apply(VLLM, *self.WORDS).returncode, 0)
        entries = json.loads(self.file.read_text())
        self.assertEqual((entries[2]["touched"], entries[0]["generation_defaults"]["context_window"]), (149, 8192))

    def test_a_file_that_is_being_written_in_place_is_waited_for(self):
        self.file.write_text(self.text[:200])
        threading.Timer(0.02, lambda: self.file.write_text(self.text)).start()
        self.assertEqual(self.apply(VLLM, *self.WORDS).returncode, 0)
        self.assertEqual(json.loads(self.file.read_text())[0]["generation_defaults"]["context_window"], 8192)

    def test_many_at_once_lose_nothing(self):
        names = [VLLM, ENTRIES[1]["name"], ENTRIES[2]["name"], OLLAMA]
        processes = [subprocess.Popen([PROGRAM, "registry", "apply", name, "--max-model-len", str(1000 + i), "--registry", str(self.file)], stdout=subprocess.DEVNULL)
                     for i, name in enumerate(names)]
        self.assertEqual([p.wait(timeout=60) for p in processes], [0] * 4)
        self.assertEqual([e["generation_defaults"]["context_window"] for e in json.loads(self.file.read_text())], [1000, 1001, 1002, 1003])

    def test_a_lock_is_respected(self):
        with open(str(self.file) + ".lock", "w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            process = subprocess.Popen([PROGRAM, "registry", "apply", VLLM, "--max-model-len", "8192", "--registry", str(self.file)], stdout=subprocess.DEVNULL)
            time.sleep(0.2)
            self.assertEqual((process.poll(), self.file.read_text()), (None, self.text))
            fcntl.flock(held, fcntl.LOCK_UN)
            self.assertEqual(process.wait(timeout=10), 0)


if __name__ == "__main__":
    unittest.main()
