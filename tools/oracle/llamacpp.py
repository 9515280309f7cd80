#!/usr/bin/env python3
"""llamacpp.py OUT: what llama.cpp itself prints about memory for the models of tests/gguf_files.py, a JSON line a start.

Needs the packages `gguf` and `xllamacpp` (llama.cpp's server for the CPU). The caches do not depend on the device; the
compute buffer is that of the CPU, where all of a graph's tensors are in one buffer."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests"))

COMMON = [{}, {"ctx_size": 16384}, {"parallel": 4}, {"parallel": 4, "kv_unified": True}, {"ubatch_size": 256}, {"flash_attn": "off"}]
CACHE = [{"cache_type_k": "q8_0", "cache_type_v": "q8_0"}, {"cache_type_k": "q4_0", "cache_type_v": "q4_0", "ctx_size": 5000}, {"swa_full": True}]
LINE = re.compile(r"(llama_kv_cache: size = .*|llama_memory_recurrent: size = .*|load_tensors: offloaded .*)$")

START = """
import json, sys, xllamacpp as x
path, args = sys.argv[1], json.loads(sys.argv[2])
p = x.CommonParams()
p.model.path, p.verbosity, p.warmup, p.n_ctx, p.n_parallel = path, 6, False, args.get("ctx_size", 4096), args.get("parallel", 1)
p.n_ubatch, p.kv_unified, p.swa_full = args.get("ubatch_size", 512), args.get("kv_unified", False), args.get("swa_full", False)
if args.get("flash_attn") == "off": p.flash_attn_type = x.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
for name in ("cache_type_k", "cache_type_v"):
    if name in args: setattr(p, name, getattr(x.ggml_type, "GGML_TYPE_" + args[name].upper()))
x.Server(p)
"""


def started(path, args):
    """The lines up to the first compute buffer: llama.cpp plans once before it loads."""
    process = subprocess.Popen([sys.executable, "-c", START, str(path), json.dumps(args)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines, tail = [], ""
    for line in process.stdout:
        tail = (tail + line)[-400:]
        if found := LINE.search(line):
            lines.append(found[1].rstrip())
        if found := re.search(r"CPU compute buffer size =\s+([\d.]+) MiB", line):
            process.kill()
            process.wait()
            return {"log": lines, "compute_mib": float(found[1])}
    raise SystemExit(f"{path} {args}: {tail}")


if __name__ == "__main__":
    import gguf_files
    import importlib.metadata
    version = "xllamacpp " + importlib.metadata.version("xllamacpp")
    with tempfile.TemporaryDirectory() as folder, open(sys.argv[1], "w") as out:
        for name, make in (gguf_files.MODELS | gguf_files.SHAPES).items():
            if name in ("projector", "every_type"):
                continue
            path = pathlib.Path(folder) / f"{name}.gguf"
            make(path)
            for args in COMMON + (CACHE if name in gguf_files.MODELS else []):
                args = {"ctx_size": 4096, "parallel": 1, **args}
                out.write(json.dumps({"model": name, "args": args, "release": version, **started(path, args)}) + "\n")
                out.flush()
