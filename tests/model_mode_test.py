#!/usr/bin/env python3
"""vLLM mode through the program itself. Figures are vLLM's: published logs and answers of its own planning code."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema

PROGRAM = sys.argv.pop(1)


def run(*words, **keywords):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60, **keywords)


# Launch, and the capacity lines of the log that it belongs to.
CAPACITY = [
    # vllm 0.19.0 on an H100: published start-ups b1-0172 and b1-0139
    (["openai/gpt-oss-20b", "--vllm-version", "0.19.0", "--max-model-len", 8192, "--kv-cache-memory-bytes", 159648 * 393216],
     ["GPU KV cache size: 1,277,184 tokens", "Maximum concurrency for 8,192 tokens per request: 155.75x"]),
    (["google/gemma-3-12b-it", "--vllm-version", "0.19.0", "--max-model-len", 8192, "--kv-cache-memory-bytes", 48864 * 1048576],
     ["GPU KV cache size: 130,304 tokens", "Maximum concurrency for 8,192 tokens per request: 15.88x"]),
    # vllm 0.33.0's own planner
    (["deepseek-ai/DeepSeek-V2-Lite", "-tp", 8, "--max-model-len", 32768, "--kv-cache-dtype", "fp8", "--kv-cache-memory-bytes", 42949685305],
     ["GPU KV cache size: 2,761,664 tokens, Maximum concurrency for 32,768 tokens per request: 84.28x"]),
]

MODEL = {"source": "Qwen/Qwen3-8B"}
GPU = {"name": "RTX-4090"}


SCHEMAS = pathlib.Path(__file__).resolve().parent.parent / "docs" / "schema"


def schema(name):
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))


class ModelMode(unittest.TestCase):
    def test_requests_and_reports_keep_to_their_schema(self):
        requests = [{"model": MODEL, "gpu": GPU}, {"model": MODEL, "gpu": "4090", "args": {"max_model_len": 10**6}}, {"model": MODEL, "gpu": {"total_bytes": 10**10}},
                    {"model": {"source": "google/gemma-3-12b-it"}, "gpu": {"name": "H100-SXM-80GB", "count": 2}, "args": {"tensor_parallel_size": 2, "kv_cache_dtype": "fp8"}, "engine": {"name": "vllm", "version": "0.19.0"}, "workload": {"concurrent_requests": 4, "context_tokens": 4096}},
                    {"model": {"source": "Qwen/Qwen3.5-27B"}, "gpu": {"name": "B200"}}, {"model": MODEL, "gpu": GPU, "args": {"tensor_parallel_size": 3}},
                    {"model": {"config": {"architectures": ["NoSuchModel"]}, "name": "x"}, "gpu": GPU}, {"model": {"formula": {"params_billion": 8, "layers": 36, "kv_heads": 8, "head_dim": 128}}, "gpu": GPU}]
        answers = run("batch", "-", input="".join(json.dumps(r) + "\n" for r in requests)).stdout.splitlines()
        for request, answer in zip(requests, answers, strict=True):
            schema("request").validate(request)
            schema("report").validate(json.loads(answer))

    def test_capacity_lines_are_vllms(self):
        for words, lines in CAPACITY:
            log = run("vllm", "serve", *words, "--gpu", "H100-SXM-80GB", "--log").stdout.splitlines()
            self.assertEqual(log[-len(lines):], lines, words)

    def test_exit_status_says_whether_it_starts(self):
        self.assertEqual(run("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB").returncode, 0)
        refused = run("vllm", "serve", "meta-llama/Llama-3.1-8B-Instruct", "--gpu", "RTX-3090")
        self.assertEqual((refused.returncode, refused.stdout.split()[0]), (1, "Refused:"))
        for words in (["Qwen/Qwen3-8B", "--gpu", "h1000"], ["Qwen/Qwen3-9B", "--gpu", "4090"],
                      ["vllm", "serve", "Qwen/Qwen3-8B", "--max-modl-len", 8, "--gpu", "4090"],
                      ["Qwen/Qwen3-8B", "--gpu", "4090", "--vllm-version", "nineteen"]):
            answer = run(*words)
            self.assertEqual((answer.returncode, answer.stdout), (2, ""), words)
            self.assertTrue(answer.stderr.startswith("error: ") and answer.stderr.count("\n") == 1, answer.stderr)

    def test_a_draft_is_read_by_its_name(self):
        def weights(*words):
            report = json.loads(run("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB", "--max-model-len", 8192, *words, "--json").stdout)
            return report["ranks"][0]["weights_bytes"]
        draft = {"method": "draft_model", "model": "Qwen/Qwen3-1.7B", "num_speculative_tokens": 3}
        self.assertGreater(weights("--speculative-config", json.dumps(draft)) - weights(), 3 * 10**9)

    def test_refusals_are_vllms_words(self):
        report = json.loads(run("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB", "-tp", 3, "--json").stdout)
        self.assertEqual(report["verdict"]["reason"], "invalid_arguments")
        self.assertEqual(report["verdict"]["message"], "Total number of attention heads (32) must be divisible by tensor parallel size (3).")
        long = json.loads(run("meta-llama/Llama-3.1-8B-Instruct", "--gpu", "RTX-3090", "--json").stdout)
        self.assertEqual(long["verdict"]["reason"], "max_model_len_too_long")
        self.assertIn("(131072), (16.0 GiB KV cache is needed", long["verdict"]["message"])

    def test_the_ledger_adds_up(self):
        for model, flags in (("Qwen/Qwen3-8B", []), ("google/gemma-3-12b-it", ["-tp", 2]), ("openai/gpt-oss-20b", ["-pp", 2]), ("Qwen/Qwen3-30B-A3B", [])):
            report = json.loads(run(model, "--gpu", "H100-SXM-80GB", *flags, "--json").stdout)
            fullest = max(report["ranks"], key=lambda r: r["peak_bytes"])
            self.assertEqual(sum(c["bytes"] for c in report["components"]), fullest["peak_bytes"], model)
            for rank in report["ranks"]:
                self.assertEqual(rank["peak_bytes"] + rank["free_after_bytes"], report["gpu"]["total_bytes"])

    def test_explanations_add_up(self):
        ask = lambda *words: run("google/gemma-3-12b-it", "--gpu", "H100-SXM-80GB", *words)
        rank = json.loads(ask("--json").stdout)["ranks"][0]
        gib = lambda name: rank[name] / 2**30
        for part, total in (("weights", gib("model_loading_bytes")), ("kv_cache", 2 * gib("available_kv_bytes")), ("free", 2 * gib("free_after_bytes"))):
            lines = ask("--explain", part).stdout.split("\n\n")[1].splitlines()
            figures = [float(line.split()[-1]) for line in lines]
            self.assertAlmostEqual(sum(figures), total, delta=0.04, msg=part)
            self.assertLessEqual(len(lines), 6)
        self.assertIn("40 layers sliding window of 1,024, 8 layers full", " ".join(ask("--explain", "kv_cache").stdout.split()))
        refused = run("Qwen/Qwen3-8B", "--gpu", "RTX-4090", "--explain", "kv_cache").stdout
        self.assertIn("one request of 40,960 tokens takes 5.62 GiB", " ".join(refused.split()))
        self.assertIn("Why is nothing left for KV cache?", run("meta-llama/Llama-3.3-70B-Instruct", "--gpu", "RTX-4090", "--explain", "kv_cache").stdout)
        for part in ("activation_peak", "non_torch", "cuda_graphs", "context"):
            self.assertIn("nine of ten start-ups", " ".join(ask("--explain", part).stdout.split()))
        unknown = ask("--explain", "soul")
        self.assertEqual((unknown.returncode, unknown.stdout), (2, ""))
        self.assertIn("use weights, activation_peak", unknown.stderr)

    def test_a_start_that_dies_loading_prints_no_more(self):
        answer = run("deepseek-ai/DeepSeek-V3", "--gpu", "8xH100")
        self.assertEqual((answer.returncode, answer.stdout.split(",")[0]), (1, "Runs out of memory while loading"))
        self.assertIn("uses 1 of the 8 GPUs", answer.stdout)
        self.assertEqual(run("deepseek-ai/DeepSeek-V3", "--gpu", "8xH100", "--log").stdout, "torch.OutOfMemoryError: CUDA out of memory.\n")

    def test_graphs_beside_a_full_card_are_a_verdict(self):
        ask = lambda share, *words: json.loads(run("Qwen/Qwen3-8B", "--gpu", "4090", "--vllm-version", "0.17.0", "--gpu-memory-utilization", share,
                                                   "--max-num-batched-tokens", 512, "--max-num-seqs", 256, "--max-model-len", 4096, *words, "--json").stdout)
        full = ask(0.99)
        self.assertEqual((full["verdict"]["reason"], full["log"][-1]), ("out_of_memory_capturing", "torch.OutOfMemoryError: CUDA out of memory."))
        self.assertTrue(any(line.startswith("GPU KV cache size") for line in full["log"]))
        for share, words in ((0.97, []), (0.99, ["--enforce-eager"])):
            self.assertTrue(ask(share, *words)["verdict"]["fits"], (share, words))
        self.assertTrue(full["suggestions"] and all(each["fits"] for each in full["suggestions"]))

    def test_inspect_adds_up(self):
        for model in ("Qwen/Qwen3-8B", "openai/gpt-oss-20b", "google/gemma-3-12b-it", "deepseek-ai/DeepSeek-V2-Lite"):
            answer = json.loads(run("inspect", model, "--gpu", "H100-SXM-80GB", "--json").stdout)
            self.assertEqual(sum(b["bytes"] for b in answer["blocks"]), answer["weights_bytes"], model)

    def test_longest_context_is_a_boundary(self):
        answer = json.loads(run("max-context", "Qwen/Qwen3-8B", "--gpu", "RTX-4090", "--json").stdout)
        tokens = answer["context_tokens"]
        fits = lambda n: json.loads(run("Qwen/Qwen3-8B", "--gpu", "RTX-4090", "--max-model-len", n, "--json").stdout)["verdict"]["fits"]
        self.assertTrue(fits(tokens))
        self.assertFalse(fits(tokens + 1))

    def test_batch_answers_in_order_and_goes_on(self):
        good = lambda i: json.dumps({"model": MODEL, "gpu": GPU, "args": {"max_model_len": 1000 + i}})
        bad = ["{", "[]", '{"model": {}}', '{"model": {"source": "x"}, "gpu": "no such card"}', '{"gpu": "4090"}', '{"model": {"source": "Qwen/Qwen3-8B"}, "gpu": "4090", "args": {"max_modl_len": 1}}',
               '{"model": {"source": "Qwen/Qwen3-8B"}, "gpu": "4090", "argz": {}}', "\x00", '{"model": {"config": {"architectures": ["LlamaForCausalLM"], "hidden_size": -1}}, "gpu": "4090"}']
        lines = [bad[i // 2 % len(bad)] if i % 2 else good(i) for i in range(1000)]
        answer = run("batch", "-", input="\n".join(lines) + "\n")
        self.assertEqual(answer.returncode, 0)
        reports = [json.loads(line) for line in answer.stdout.splitlines()]
        self.assertEqual(len(reports), len(lines))
        for i, report in enumerate(reports):
            if i % 2:
                self.assertIn("message", report["error"], lines[i])
            else:
                self.assertEqual(report["model"]["max_model_len"], 1000 + i)

    def test_hostile_configs_get_a_sentence(self):
        base = {"architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 4, "num_hidden_layers": 2, "intermediate_size": 128, "vocab_size": 100, "max_position_embeddings": 64}
        cases = [dict(base, num_hidden_layers=10**12), dict(base, hidden_size="64"), dict(base, num_attention_heads=0), dict(base, architectures=[]), dict(base, architectures="Llama"),
                 dict(base, architectures=["NoSuchModel"]), dict(base, vocab_size=1e300), dict(base, num_hidden_layers=[]), dict(base, quantization_config={"quant_method": "no such"}), [1], 3]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "config.json"
            texts = [json.dumps(c) for c in cases] + ["", "{", "[" * 100000, '{"a":' * 5000, "\xff"]
            for text in texts:
                path.write_text(text)
                answer = run(path, "--gpu", "4090")
                self.assertIn(answer.returncode, (1, 2), text[:80])
                self.assertEqual(answer.stderr.count("\n") + answer.stdout.count("\n") >= 1, True, text[:80])
            path.write_text(json.dumps(base))
            self.assertEqual(run(folder, "--gpu", "4090").returncode, 0)

    def test_no_gpu_is_a_sentence(self):
        answer = run("Qwen/Qwen3-8B")
        if answer.returncode == 2:
            self.assertEqual(answer.stderr.count("\n"), 1)
            self.assertIn("--gpu", answer.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
