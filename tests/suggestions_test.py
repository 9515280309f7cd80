#!/usr/bin/env python3
"""Suggestions for the published start-ups that vLLM refused: each is planned again, and starts."""
import json
import pathlib
import subprocess
import sys
import unittest

PROGRAM = sys.argv.pop(1)
ROOT = pathlib.Path(__file__).resolve().parent.parent
CATALOGUE = {path.stem for path in (ROOT / "data" / "models").glob("*.json")}

ARGUMENTS = {"tp": "tensor_parallel_size", "pp": "pipeline_parallel_size", "dp": "data_parallel_size", "ep": "enable_expert_parallel", **{name: name for name in (
    "gpu_memory_utilization", "max_model_len", "max_num_seqs", "max_num_batched_tokens", "kv_cache_dtype", "dtype", "enforce_eager", "kv_cache_memory_bytes", "num_gpu_blocks_override")}}

# GPUs as the sources write them, where the catalogue has another name.
GPUS = {"DGX Spark GB10": "GB10", "GB10 (DGX Spark)": "GB10", "NVIDIA GB10 (DGX Spark)": "GB10", "NVIDIA H100 80GB (H100-80GB-HBM3)": "H100-SXM-80GB", "2x RTX 3090": "RTX-3090",
        "A800-SXM4-80GB": "A800-SXM-80GB", "GH200 96 GB": "GH200-96GB", "RTX PRO 6000 Blackwell Max-Q Workstation Edition": "RTX-PRO-6000", "H20": "H20-SXM-96GB", "H100": "H100-SXM-80GB", "NVIDIA A10G": "A10G"}

# What the source says worked, or would have: read off the same threads.
WORKED = {
    "b1-0010": "max_model_len",  # the recipe serves a shorter length; a utilisation of 0.95 was tried and refused too
    "b1-0130": "gpu_memory_utilization",  # another process held memory: ask for less
    "b1-0161": "gpu_memory_utilization",
    "b1-0221": "max_num_seqs",  # the recipe serves 512
    "b1-0222": "max_num_seqs",
    "b1-0223": "max_num_seqs",  # "raising gmu does not rescue it"
    "b1-0242": "max_model_len",  # "118K is the ceiling"
    "b1-0254": "max_num_batched_tokens",  # the excess is batched tokens in flight, counted twice from 0.26 on
    "b1-0265": "max_num_batched_tokens",  # "boots at mbt 2048 with the same 1,048,576 context"
    "b2-0262": "gpu_memory_utilization",
}


def batch(requests):
    text = "".join(json.dumps(request) + "\n" for request in requests)
    answer = subprocess.run([PROGRAM, "batch", "-"], input=text, capture_output=True, text=True, timeout=600)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def merged(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


# What sources say elsewhere or in other words than the row: a quantised model its own checkpoint, the memory or the
# blocks that were there where they came from something that is not in the row.
GIB = 2**30
TOLD = {
    "b1-0010": {"gpu": "H20-SXM-141GB"},  # 62 GiB a request: no tensor parallelism
    "b1-0127": {"max_num_batched_tokens": 16384},  # vllm.LLM's own default
    "b1-0221": {"num_gpu_blocks_override": 939}, "b1-0222": {"config": "nvidia__Qwen3.6-27B-NVFP4", "num_gpu_blocks_override": 1011},
    "b1-0242": {"max_model_len": 195000, "kv_cache_memory_bytes": int(7.25 * GIB)},  # the refused one of the two lengths
    "b1-0254": {"gpu": "RTX-PRO-6000", "kv_cache_memory_bytes": 49 * GIB},
    "b1-0265": {"gpu": "GB200", "kv_cache_dtype": "fp8", "kv_cache_memory_bytes": int(4.81 * GIB)},  # a smaller copy of the model left that much
    "b2-0214": {"tp": 8},
    "b2-0225": {"gpu": "Jetson-AGX-Orin-32GB"},
}
# The refusals that the reports repeat with the figure that the source prints, in GiB.
NEEDED = {"b1-0010": 62.00, "b1-0127": 6.66, "b1-0254": 70.79}


def request_of(row):
    """The request that a published start-up spells; nothing where it does not name a known model and GPU."""
    row = {**row, **TOLD.get(row["id"], {})}
    if row.get("config") not in CATALOGUE or "gpu" not in row:
        return None
    args = {argument: row[field] for field, argument in ARGUMENTS.items() if field in row}
    if args.get("kv_cache_dtype") in ("bf16", "nvfp4"):
        del args["kv_cache_dtype"]
    if "dtype" in args:
        args["dtype"] = args["dtype"].removeprefix("torch.")
    gpu = {"name": GPUS.get(row["gpu"], row["gpu"]), "count": row.get("tp", 1) * row.get("pp", 1) * row.get("dp", 1)}
    # "Free memory on device cuda:1 (60.87/79.19 GiB) on startup is less than desired"
    if row["oom_or_refused"].startswith("Free memory"):
        gpu["free_bytes"] = int(float(row["oom_or_refused"].split("(")[1].split("/")[0]) * 2**30)
    request = {"model": {"source": row["config"].replace("__", "/")}, "gpu": gpu, "args": args}
    version = row.get("vllm_version") or row.get("date")
    # A checkpoint in four bits that the catalogue has only in full.
    if row.get("config_match") == "base" and "AWQ" in row.get("quantization", "").upper() and "config" in row:
        config = json.loads((ROOT / "data/models" / (row["config"] + ".json")).read_text())
        config["quantization_config"] = {"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": True, "version": "gemm"}
        request["model"] = {"config": config, "name": row["model"]}
    return merged(request, {"engine": {"version": version if "0.1.dev" not in version else row["date"]}}) if version else request


class Suggestions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rows = [json.loads(line) for line in (ROOT / "data/measured/startups.jsonl").read_text().splitlines()]
        refused = [(row["id"], request_of(row)) for row in rows if "oom_or_refused" in row]
        cls.requests = {name: request for name, request in refused if request}
        cls.reports = dict(zip(cls.requests, batch(cls.requests.values()), strict=True))

    def test_every_suggestion_starts(self):
        names, changed = [], []
        for name, report in self.reports.items():
            self.assertNotIn("error", report, name)
            for suggestion in report["suggestions"]:
                names.append((name, suggestion["words"]))
                changed.append(merged(self.requests[name], suggestion["change"]))
        for name, report in zip(names, batch(changed), strict=True):
            self.assertTrue(report.get("verdict", {}).get("fits"), (name, report.get("verdict", report)))

    def test_a_refused_launch_has_a_way_out(self):
        for name, report in self.reports.items():
            if not report["verdict"]["fits"] and report["verdict"]["reason"] != "unsupported_model":
                self.assertTrue(report["suggestions"], (name, report["verdict"]))

    def test_what_worked_is_among_the_first_three(self):
        for name, argument in WORKED.items():
            report = self.reports[name]
            self.assertIn(report["verdict"]["reason"], ("max_model_len_too_long", "no_kv_memory", "free_memory_below_request"), name)
            first = [set(s["change"].get("args", {})) for s in report["suggestions"][:3]]
            self.assertTrue(any(argument in change for change in first), (name, [s["words"] for s in report["suggestions"]]))

    def test_refusals_are_those_that_were_published(self):
        for name, gib in NEEDED.items():
            self.assertEqual(f"{self.reports[name]['kv_cache']['needed_bytes_for_max_model_len'] / GIB:.2f}", f"{gib:.2f}", name)


if __name__ == "__main__":
    unittest.main()
