#!/usr/bin/env python3
"""limits, matrix and sweep through the program itself."""
import csv
import io
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = sys.argv.pop(1)


def run(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=120)


MODEL = ("Qwen/Qwen3-8B", "--gpu", "RTX-4090")
LAUNCHES = ("--vary", "kv_cache_dtype=auto,fp8", "--vary", "max_model_len=1024:40960:+512", "--vary",
            "max_num_seqs=1:200:+1")


def starts(*words):
    report = json.loads(run(*MODEL, *words, "--json").stdout)
    return report["verdict"]["fits"], report


class Limits(unittest.TestCase):
    def test_each_is_the_boundary(self):
        limits = json.loads(run("limits", *MODEL, "--concurrency", 16, "--context", "4k", "--json").stdout)
        longest = limits["max_model_len"]["value"]
        self.assertTrue(starts("--max-model-len", longest)[0])
        self.assertFalse(starts("--max-model-len", longest + 1)[0])
        share = limits["gpu_memory_utilization"]
        self.assertTrue(starts("--gpu-memory-utilization", share)[0])
        self.assertFalse(starts("--gpu-memory-utilization", round(share - 0.0001, 4))[0])
        context = limits["context_tokens"]["value"]
        for length, enough in ((context, True), (context + 1, False)):
            report = starts("--max-model-len", length)[1]
            self.assertEqual(report["kv_cache"]["max_concurrency"] >= 16, enough, length)
        concurrency = starts("--max-model-len", 4000)[1]["kv_cache"]["max_concurrency"]
        self.assertEqual(limits["concurrent_requests"]["value"], int(concurrency))

    def test_say_when_nothing_starts(self):
        answer = run("limits", "meta-llama/Llama-3.1-70B-Instruct", "--gpu", "RTX-4090")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("nothing starts", answer.stdout)

    def test_max_context_at_a_concurrency(self):
        one = json.loads(run("max-context", *MODEL, "--json").stdout)["context_tokens"]
        many = json.loads(run("max-context", *MODEL, "--json", "--concurrency", 16).stdout)["context_tokens"]
        self.assertLess(many * 15, one)


class Matrix(unittest.TestCase):
    def test_agrees_in_all_its_forms(self):
        rows = list(csv.DictReader(io.StringIO(run("matrix", *MODEL, "--csv").stdout)))
        cells = json.loads(run("matrix", *MODEL, "--json").stdout)["cells"]
        self.assertEqual([int(row["needed_bytes"]) for row in rows], [cell["needed_bytes"] for cell in cells])
        for cell in cells:
            if cell["concurrent_requests"] != 1:
                continue
            self.assertEqual(cell["fits"], starts("--max-model-len", cell["context_tokens"])[0], cell)
        table = run("matrix", *MODEL, "--contexts", "4k,8k", "--requests", "1,2").stdout
        self.assertIn("context", table)
        self.assertEqual(run("matrix", *MODEL, "--contexts", "x").returncode, 2)


class Sweep(unittest.TestCase):
    def test_goes_on_where_it_was_killed(self):
        with tempfile.TemporaryDirectory() as folder:
            whole, cut = pathlib.Path(folder) / "whole.csv", pathlib.Path(folder) / "cut.csv"
            self.assertEqual(run("sweep", *MODEL, *LAUNCHES, "--output", whole).returncode, 0)
            killed = subprocess.Popen([PROGRAM, "sweep", *MODEL, *LAUNCHES, "--output", str(cut)])
            while killed.poll() is None and (not cut.exists() or cut.stat().st_size == 0):
                time.sleep(0.001)
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            resumed = run("sweep", *MODEL, *LAUNCHES, "--output", cut, "--resume")
            self.assertEqual(resumed.returncode, 0, resumed.stderr)
            self.assertEqual(cut.read_bytes(), whole.read_bytes())
            # A file of another sweep is left alone.
            other = run("sweep", *MODEL, "--vary", "max_model_len=1k,2k", "--output", cut, "--resume")
            self.assertEqual(other.returncode, 2)
            self.assertEqual(cut.read_bytes(), whole.read_bytes())
            different = run("sweep", "google/gemma-3-1b-it", "--gpu", "L4", *LAUNCHES, "--output", cut, "--resume")
            self.assertEqual(different.returncode, 2)
            self.assertIn("holds rows that this sweep has not", different.stderr)

    def test_writes_the_same_in_every_format(self):
        words = ("sweep", "--vary", "model=Qwen/Qwen3-8B,google/gemma-3-1b-it", "--vary", "gpu=RTX-4090,L40S", "--vary",
                 "max_model_len=8k,auto")
        rows = list(csv.DictReader(io.StringIO(run(*words).stdout)))
        lines = [json.loads(line) for line in run(*words, "--format", "jsonl").stdout.splitlines()]
        self.assertEqual(len(rows), 8)
        for row, line in zip(rows, lines, strict=True):
            self.assertEqual(row["tokens"], str(line["tokens"]))
            self.assertEqual(row["fits"], str(line["fits"]).lower())
        self.assertEqual(len(run(*words, "--format", "table").stdout.splitlines()), 9)

    def test_formula_mode(self):
        words = ("--params-billion", 8, "--layers", 36, "--kv-heads", 8, "--head-dim", 128)
        answer = run("sweep", *words, "--vary", "quant=fp16,fp8", "--vary", "context_k=4,8", "--format", "jsonl").stdout
        for line in map(json.loads, answer.splitlines()):
            one = json.loads(run("estimate", *words, "--quant", line["quant"], "--context-k", line["context_k"],
                                 "--json").stdout)
            self.assertEqual(line["total_gib"], one["total_gib"])

    def test_refuses_what_makes_no_sense(self):
        for words in (("--vary", "max_modl_len=8k"), (), ("--vary", "max_model_len"), ("--vary", "max_model_len=1k,2k", "--resume"),
                      ("--vary", "gpu=h1000"), ("--vary", "model=nobody/nothing"), ("--vary", "max_model_len=1k", "--threads", 0)):
            answer = run("sweep", *MODEL, *words)
            self.assertEqual(answer.returncode, 2, words)
            self.assertEqual(answer.stdout, "", words)


if __name__ == "__main__":
    unittest.main()
