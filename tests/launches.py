"""Launches that every --format is tried with."""
import shlex

LAUNCHES = {
    "plain": ["Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "8192"],
    "flags of every kind": ["Qwen/Qwen3-8B", "--gpu", "H100-SXM-80GB", "--no-enable-prefix-caching", "--enforce-eager", "--limit-mm-per-prompt", '{"image": 2}', "--cudagraph-capture-sizes", "1", "2", "4",
                            "--gpu-memory-utilization", "0.85", "--served-model-name", "it's $HOME", "--port", "9000"],
    "refused": ["Qwen/Qwen3-8B", "--gpu", "4090", "--max-model-len", "40960", "--gpu-memory-utilization", "0.8"],
    "stages on two machines": ["meta-llama/Meta-Llama-3.1-405B", "--gpu", "16xH100-SXM-80GB", "-tp", "8", "-pp", "2", "--max-model-len", "8192"],
    "Ray on two machines": ["meta-llama/Meta-Llama-3.1-405B", "--gpu", "16xH100-SXM-80GB", "-tp", "8", "-pp", "2", "--max-model-len", "8192", "--vllm-version", "0.10.2"],
    "replicas on two machines": ["deepseek-ai/DeepSeek-V3", "--gpu", "16xH200-SXM-141GB", "-dp", "16", "--enable-expert-parallel", "--max-model-len", "8192"],
    "replicas": ["Qwen/Qwen3-8B", "--gpu", "2xL40S", "-dp", "2"],
    "AMD": ["Qwen/Qwen3-8B", "--gpu", "MI300X"],
    "refused arguments": ["Qwen/Qwen3-8B", "--gpu", "4xH100-SXM-80GB", "-tp", "3"],
}


def commands(text):
    """Words of each line of a shell script, comments left out."""
    joined = text.replace(" \\\n", " ")
    return [shlex.split(line) for line in joined.splitlines() if line and not line.startswith("#")]
