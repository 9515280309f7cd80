#!/usr/bin/env python3
"""Unlike GPUs in one job, several start-ups on one GPU, and pipeline stages of unequal depth."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop(1)
GIB = 2**30


def run(*words, **keywords):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=60, **keywords)


def report(*words):
    answer = run(*words, "--json")
    return json.loads(answer.stdout) if answer.stdout else answer.stderr


class UnlikeGpus(unittest.TestCase):
    def test_the_smallest_cache_decides(self):
        unlike = report("Qwen/Qwen3-8B", "--gpu", "RTX-3090,RTX-5090", "-tp", 2)
        alike = report("Qwen/Qwen3-8B", "--gpu", "2xRTX-3090", "-tp", 2)
        self.assertEqual(unlike["kv_cache"]["tokens"], alike["kv_cache"]["tokens"])
        small, large = unlike["ranks"]
        self.assertEqual(small, {**alike["ranks"][0], "gpu": "RTX-3090"})
        self.assertEqual((small["gpu"], large["gpu"]), ("RTX-3090", "RTX-5090"))
        self.assertEqual(small["kv_cache_bytes"], large["kv_cache_bytes"])
        self.assertGreater(large["requested_bytes"], small["requested_bytes"])
        self.assertGreater(large["free_after_bytes"], small["free_after_bytes"] + 4 * GIB)

    def test_order_is_that_of_the_ranks(self):
        reverse = report("Qwen/Qwen3-8B", "--gpu", "RTX-5090,RTX-3090", "-tp", 2)
        self.assertEqual([rank["gpu"] for rank in reverse["ranks"]], ["RTX-5090", "RTX-3090"])

    def test_a_deeper_stage_on_the_larger_card(self):
        words = ["Qwen/Qwen3-14B", "--gpu", "RTX-3090,RTX-5090", "-pp", 2, "--max-model-len", 32768]
        even = report(*words)
        deeper = report(*words, "--env", "VLLM_PP_LAYER_PARTITION=15,25")
        self.assertGreater(deeper["kv_cache"]["tokens"], even["kv_cache"]["tokens"])

    def test_too_few_are_refused(self):
        answer = run("Qwen/Qwen3-8B", "--gpu", "RTX-3090,RTX-5090", "-tp", 4)
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))
        self.assertIn("4 ranks", answer.stderr)

    def test_the_ledger_adds_up_on_each(self):
        answer = report("Qwen/Qwen3-8B", "--gpu", "RTX-3090,RTX-5090", "-tp", 2)
        for rank, total in zip(answer["ranks"], (25295847424, None)):
            self.assertEqual(rank["peak_bytes"] + rank["free_after_bytes"], total or rank["total_bytes"])


class Partition(unittest.TestCase):
    def test_layers_are_where_they_were_put(self):
        uneven = report("Qwen/Qwen3-8B", "--gpu", "2xH100-SXM-80GB", "-pp", 2, "--env", "VLLM_PP_LAYER_PARTITION=30,6")
        first, second = uneven["ranks"]
        layer = 385892864 + 16  # parameters of one layer of Qwen3-8B in bf16, and four scales of its attention
        even = report("Qwen/Qwen3-8B", "--gpu", "2xH100-SXM-80GB", "-pp", 2)["ranks"]
        self.assertEqual(first["weights_bytes"] - even[0]["weights_bytes"], 12 * layer)
        self.assertEqual(even[1]["weights_bytes"] - second["weights_bytes"], 12 * layer)

    def test_it_is_read_off_the_launch_line(self):
        line = ["VLLM_PP_LAYER_PARTITION=30,6", "vllm", "serve", "Qwen/Qwen3-8B", "-pp", "2", "--gpu", "2xH100-SXM-80GB"]
        by_option = report("Qwen/Qwen3-8B", "--gpu", "2xH100-SXM-80GB", "-pp", 2, "--env", "VLLM_PP_LAYER_PARTITION=30,6")
        self.assertEqual(report(*line)["ranks"], by_option["ranks"])

    def test_refusals_are_vllms(self):
        for partition, words in (("30,7", "sum(partitions)=37 does not match num_hidden_layers=36."), ("36", "len(partitions)=1 does not match pp_size=2."), ("a,b", "Invalid partition string: a,b")):
            answer = report("Qwen/Qwen3-8B", "--gpu", "2xH100-SXM-80GB", "-pp", 2, "--env", f"VLLM_PP_LAYER_PARTITION={partition}")
            self.assertEqual((answer["verdict"]["reason"], answer["verdict"]["message"]), ("invalid_arguments", words))

    def test_launches_carry_it(self):
        for kind in ("launch", "docker", "compose", "kubernetes", "ray-serve"):
            text = run("Qwen/Qwen3-8B", "--gpu", "2xH100-SXM-80GB", "-pp", 2, "--env", "VLLM_PP_LAYER_PARTITION=30,6", "--format", kind).stdout
            self.assertIn("VLLM_PP_LAYER_PARTITION", text, kind)


class Shared(unittest.TestCase):
    def test_others_leave_less(self):
        alone = report("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB")
        context = alone["ranks"][0]["context_bytes"]
        beside = report("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB", "--also", "other 12GiB")
        self.assertEqual(beside["verdict"]["reason"], "free_memory_below_request")
        free = (85017624576 - context - 12 * GIB) / GIB
        self.assertIn(f"({free:.2f}/79.18 GiB)", beside["verdict"]["message"])
        self.assertIn("gpu_memory_utilization", [name for s in beside["suggestions"][:3] for name in s["change"].get("args", {})])
        self.assertTrue(report("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB", "--also", "12GiB", "--gpu-memory-utilization", 0.8)["verdict"]["fits"])

    def test_each_start_up_sees_what_the_earlier_ones_left(self):
        first = {"model": {"source": "Qwen/Qwen3-8B"}, "args": {"gpu_memory_utilization": 0.4, "max_model_len": 8192}}
        small = {"model": {"source": "Qwen/Qwen3-4B"}, "args": {"gpu_memory_utilization": 0.3, "max_model_len": 8192}}
        greedy = {**small, "args": {**small["args"], "gpu_memory_utilization": 0.35}}
        gpu = {"name": "H100-SXM-80GB"}
        lines = [{**first, "gpu": gpu}, {**small, "gpu": gpu, "also": [first]}, {**greedy, "gpu": gpu, "also": [first, small]},
                 {**small, "gpu": gpu, "also": [first, small, {"held_bytes": 8 * GIB, "name": "a notebook"}]}]
        answers = [json.loads(line) for line in run("batch", "-", input="".join(json.dumps(line) + "\n" for line in lines)).stdout.splitlines()]
        self.assertEqual([a["verdict"]["fits"] for a in answers], [True, True, False, False])
        self.assertEqual(answers[2]["verdict"]["reason"], "free_memory_below_request")
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "before.jsonl"
            path.write_text(json.dumps(first) + "\n")
            typed = report("Qwen/Qwen3-4B", "--gpu", "H100-SXM-80GB", "--also", path, "--gpu-memory-utilization", 0.3, "--max-model-len", 8192)
        self.assertEqual(typed["verdict"], answers[1]["verdict"])

    def test_bad_entries_get_a_sentence(self):
        for also in ("twelve", "12GiB,nothing.json"):
            answer = run("Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB", "--also", also)
            self.assertEqual((answer.returncode, answer.stdout, answer.stderr.count("\n")), (2, "", 1), answer.stderr)
        line = json.dumps({"model": {"source": "Qwen/Qwen3-8B"}, "gpu": "4090", "also": [{"model": {"source": "meta-llama/Llama-3.1-8B-Instruct"}}]})
        self.assertIn("it would be refused", json.loads(run("batch", "-", input=line + "\n").stdout)["error"]["message"])


if __name__ == "__main__":
    unittest.main()
