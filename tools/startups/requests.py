"""What a published start-up states, as a request; and which of its figures can be judged by it."""
import ast
import json
import pathlib
import re

GIB = 2**30
root = pathlib.Path(__file__).resolve().parent.parent.parent
EXCEPTIONS = json.loads((root / "data" / "measured" / "left_out.json").read_text())
LEFT_OUT, UNEXPLAINED = EXCEPTIONS["left_out"], EXCEPTIONS["unexplained"]  # the latter are judged, but nothing is fitted on them
COPIES = json.loads((root / "data" / "measured" / "copies.json").read_text())

# Names in the sources that no driver writes.
CARDS = [(r"H100.NVL", "H100-NVL-94GB"), (r"H100", "H100-SXM-80GB"), (r"GH200", "GH200-96GB"), (r"H200", "H200"),
         (r"GB300", "GB300"), (r"GB200", "GB200"), (r"B200", "B200"), (r"GB10|Spark", "GB10"),
         (r"PRO 6000|6000 Pro", "RTX-PRO-6000"), (r"PRO 4500", "RTX-PRO-4500"), (r"5090 Laptop", "RTX-5090-Laptop"), (r"5090", "RTX-5090"),
         (r"4090 48|48 GB-class SM89", "RTX-4090-48GB"), (r"4090", "RTX-4090"), (r"4080", "RTX-4080"), (r"3090", "RTX-3090"), (r"3080", "RTX-3080"),
         (r"2060", "RTX-2060-12GB"), (r"L40S|L40s", "L40S"), (r"L40", "L40"), (r"\bL20\b", "L20"), (r"\bL4\b", "L4"),
         (r"A100.*40", "A100-SXM-40GB"), (r"A100|A800", "A100-SXM-80GB"), (r"A10G", "A10G"), (r"\bA10\b", "A10"), (r"\bA40\b", "A40"),
         (r"A5000", "RTX-A5000"), (r"2000 Ada", "RTX-2000-Ada"), (r"T4", "T4"), (r"Quadro RTX 6000", "Quadro-RTX-6000"), (r"H20\b", "H20-SXM-96GB"),
         (r"MI300X", "MI300X"), (r"Orin NX", "Jetson-Orin-NX-16GB"), (r"Strix Halo|gfx1151", "Strix-Halo-128GB"), (r"W7900", "Radeon-PRO-W7900"),
         (r"Arc Pro B70", "Arc-Pro-B70"), (r"V100|v100", "V100-SXM2-16GB")]
# Where only the total is printed: from, to (GiB), the card whose total that is.
TOTALS = [(14.5, 14.8, "T4"), (22.0, 22.2, "A10"), (23.5, 23.7, "RTX-3090"), (31.3, 31.5, "RTX-5090"), (39.3, 39.6, "A100-SXM-40GB"),
          (44.2, 44.6, "L40S"), (47.2, 47.6, "RTX-A6000"), (79.1, 79.4, "H100-SXM-80GB"), (94.9, 95.1, "RTX-PRO-6000"), (139.6, 140.1, "H200"), (184.0, 184.5, "GB200")]
QUANTITIES = {"model loading", "activation peak", "non-torch", "CUDA graphs", "graph estimate", "context", "available KV", "tokens", "verdict"}
PLAIN = ["max_model_len", "max_num_seqs", "max_num_batched_tokens", "block_size", "enforce_eager", "enable_prefix_caching",
         "enable_chunked_prefill", "gpu_memory_utilization"]
DTYPES = {"fp16": "float16", "half": "float16"}
# vLLM flags inside `other_flags`: pattern, argument, how to read it.
FLAGS = [(r"language.model.only=True", "language_model_only", lambda m: True), (r"mm-encoder-tp-mode=(\w+)", "mm_encoder_tp_mode", lambda m: m[1]),
         (r"enable_lora=True", "enable_lora", lambda m: True), (r"decode.context.parallel.size[= ](\d+)", "decode_context_parallel_size", lambda m: int(m[1])),
         (r"max_cudagraph_capture_size=(\d+)", "max_cudagraph_capture_size", lambda m: int(m[1])), (r"skip-mm-profiling", "skip_mm_profiling", lambda m: True),
         (r"CUDAGRAPH_CAPTURE_SIZES=(\d+)", "cudagraph_capture_sizes", lambda m: [int(m[1])]), (r"enable_sleep_mode=True", "enable_sleep_mode", lambda m: True),
         (r"disable.custom.all.reduce", "disable_custom_all_reduce", lambda m: True), (r"attention_backend='?(?:flash_attn|TRITON_ATTN)'?", "attention_backend", lambda m: re.search("flash_attn|TRITON_ATTN", m[0])[0].upper())]
FOREIGN = re.compile(r"cpu.offload|tiered|Lvllm|b12x|B12X|exl3|EXL3|sleep mode|SERVERLESS|Unsloth|TRL|PLE|engram|Aliased|image qwen38|frontier|gilded", re.I)


def card(row):
    """The catalogue's card, and whether the source names it or only prints its total."""
    for pattern, name in CARDS:
        if re.search(pattern, row.get("gpu") or ""):
            return name, True
    total = row.get("total_gpu_gib") or row.get("gpu_total_gib") or 0
    for low, high, name in TOTALS:
        if low <= total <= high:
            return name, False
    return None, False


def least_card(row):
    """The smallest card that what was printed goes into: enough for what vLLM takes by default on cards of that size."""
    printed = (row.get("model_loading_gib") or 0) + max(row.get("available_kv_gib") or 0, 0)
    needed = printed / (row.get("gpu_memory_utilization") or 0.9)
    return next((name for _, high, name in TOTALS if high >= needed and name != "T4"), "H200") if printed else "H100-SXM-80GB"


def literal(text):
    try:
        return ast.literal_eval(text) if isinstance(text, str) else text
    except (ValueError, SyntaxError):
        return None


def model(row):
    """The request's "model", or why there is none."""
    if "config" not in row:
        return None, "no config"
    copy = COPIES["models"].get(row.get("model") or "")
    name = copy["config"] if copy else row["config"]
    source = "catalog:" + name.replace("__", "/", 1)
    if row["config_match"] != "base" and not copy:
        return {"source": source}, None
    if not copy:
        return None, "a copy whose quantisation is not stated in full"
    if not copy.get("quantization") and not copy.get("changes"):
        return {"source": source}, None
    config = json.loads((root / "data" / "models" / (name + ".json")).read_text()) | copy.get("changes", {})
    if copy.get("quantization"):
        config["quantization_config"] = COPIES["quantizations"][copy["quantization"]]
    return {"config": config, "name": row["model"]}, None


def version(row):
    if row["id"] in COPIES["versions"]:
        return COPIES["versions"][row["id"]]
    text = str(row.get("vllm_version") or "").split(" ")[0]
    if re.match(r"\d+\.\d+", text) and not (re.match(r"0\.0\.0|0\.1\.dev", text) and not re.search(r"d?20\d{6}", text)):
        return text
    return row.get("date")


def speculation(row):
    text = str(row.get("speculative") or "")
    if not text:
        return None, None
    method = re.search(r"method'?\"?[=:]\s*['\"](\w+)", text)
    tokens = re.search(r"num_spec\w*'?\"?[=:]\s*(\d+)", text)
    if method and method[1] == "mtp" and tokens:
        return {"method": "mtp", "num_speculative_tokens": int(tokens[1])}, None
    return None, "a draft that is not stated in full"


def arguments(row):
    args = {k: row[k] for k in PLAIN if row.get(k) is not None}
    if row.get("engine") == "V0" and re.match(r"0\.([89]|10)\.", version(row) or "") and row.get("max_model_len"):
        # The first engine, asked for: it takes a whole prompt at once.
        args.setdefault("max_num_batched_tokens", max(row["max_model_len"], 2048))
        args.setdefault("max_num_seqs", 256)
    args["tensor_parallel_size"] = row.get("tp") or 1
    for name, key in (("pipeline_parallel_size", "pp"), ("data_parallel_size", "dp")):
        if (row.get(key) or 1) > 1:
            args[name] = row[key]
    if row.get("ep"):
        args["enable_expert_parallel"] = True
    cache = row.get("kv_cache_dtype")
    if cache and cache not in ("auto", "bf16"):
        args["kv_cache_dtype"] = {"bfloat16": "bfloat16"}.get(cache, cache.split()[0])
    if not cache and "DeepSeek-V4" in row["config"]:
        args["kv_cache_dtype"] = "fp8"  # it starts with nothing else before 0.30
    if row.get("quantization") == "fp8" and '"quantization": "fp8"' in (row.get("other_flags") or ""):
        args["quantization"] = "fp8"
    dtype = (row.get("dtype") or "").removeprefix("torch.")
    if dtype and dtype != "auto":
        args["dtype"] = DTYPES.get(dtype, dtype)
    limits = literal(row.get("limit_mm_per_prompt"))
    if isinstance(limits, dict):
        args["limit_mm_per_prompt"] = limits
    for pattern, name, read in FLAGS:
        found = re.search(pattern, row.get("other_flags") or "")
        if found:
            args[name] = read(found)
    return args


def question(row):
    """(request, what cannot be judged, None) or (None, None, why not)."""
    exception = LEFT_OUT.get(row["id"])
    if isinstance(exception, str):
        return None, None, "named below"
    source, why = model(row)
    if why:
        return None, None, why
    at = version(row)
    if not at:
        return None, None, "no release or date"
    if FOREIGN.search(str(row.get("other_flags")) + str(row.get("quantization")) + str(row.get("vllm_version"))):
        return None, None, "a fork, an offload or another process's memory"
    draft, why = speculation(row)
    if why:
        return None, None, why
    name, named = card(row)
    total = row.get("total_gpu_gib") or row.get("gpu_total_gib")
    args = arguments(row) | COPIES["models"].get(row.get("model") or "", {}).get("args", {})
    if draft:
        args["speculative_config"] = draft
    unknown = QUANTITIES - set(exception["judged"]) if exception else set()
    if not name:
        unknown |= QUANTITIES - {"model loading"}
        name = least_card(row)
    if row.get("gpu_memory_utilization") is None and not row.get("gmu_is_default"):
        unknown |= {"available KV", "tokens", "verdict"}
    if not row.get("vllm_version"):
        unknown.add("release")
    gpu = {"name": name}
    if total:
        gpu["total_bytes"] = int(total * GIB)
    if row.get("free_gib"):
        gpu["free_bytes"] = int(row["free_gib"] * GIB)
    return {"model": source, "engine": {"name": "vllm", "version": at}, "gpu": gpu, "args": args}, unknown, None


def era(row):
    """The accounting that the release does."""
    if row.get("engine") == "V0":
        return "V0"
    at = version(row) or ""
    found = re.match(r"0\.(\d+)", at)
    if found and not re.match(r"0\.0\.0|0\.1\.dev", at):
        minor = int(found.group(1))
        return "0.6-0.10" if minor <= 10 else "0.11-0.17" if minor <= 17 else "0.18-0.20" if minor <= 20 else "0.21-0.26" if minor <= 26 else "0.27-"
    day = re.search(r"(20\d\d)-?(\d\d)-?(\d\d)", at)
    text = "-".join(day.groups()) if day else ""
    for first, name in (("2026-07-20", "0.27-"), ("2026-04-21", "0.21-0.26"), ("2026-03-07", "0.18-0.20"), ("2025-09-23", "0.11-0.17")):
        if text >= first:
            return name
    return "0.6-0.10"


def family(row):
    """Checkpoints that share their shapes' descent: what is left out together."""
    name = row["config"].split("__")[1].lower()
    for pattern, which in ((r"llama-4", "Llama-4"), (r"llama", "Llama"), (r"qwen3\.[5-9]|qwen3-next", "Qwen3.5"), (r"qwen3-vl|qwen2\.5-vl|qwen2-vl|omni|dots", "Qwen-VL"),
                           (r"qwen3", "Qwen3"), (r"qwen", "Qwen2"), (r"gemma-4", "Gemma-4"), (r"gemma", "Gemma"), (r"deepseek-v[34]|deepseek-r1|kimi-k2", "DeepSeek-V3"),
                           (r"deepseek", "DeepSeek-V2"), (r"gpt-oss", "gpt-oss"), (r"nemotron", "Nemotron"), (r"glm", "GLM"), (r"mi[ns]istral|mixtral", "Mistral"), (r"minimax", "MiniMax")):
        if re.search(pattern, name):
            return which
    return name
