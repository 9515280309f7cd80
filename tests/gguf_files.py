"""GGUF files as llama.cpp's own converter would write them, by the official `gguf` package: small models of each kind.

Shapes are small, but as those of the real architectures; the tensors are zeros."""
import numpy as np
import gguf

Q = gguf.GGMLQuantizationType


def write(path, arch, fields, tensors, *, split=0, tokens=320, version=None):
    """`fields` by key, "." in front for the architecture's own; `tensors` by name: (shape as torch has it, type)."""
    options = {"split_max_tensors": split} if split else {}
    writer = gguf.GGUFWriter(str(path), arch, **options)
    for key, value in fields.items():
        key = arch + key if key.startswith(".") else key
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        else:
            writer.add_array(key, value)
    if tokens:
        writer.add_tokenizer_model("llama")
        writer.add_token_list([f"t{i}" for i in range(tokens)])
        writer.add_token_scores([0.0] * tokens)
        writer.add_token_types([1] * tokens)
    for name, (shape, kind) in tensors.items():
        if kind in (Q.F32, Q.F16):
            writer.add_tensor(name, np.zeros(shape, dtype=np.float32 if kind == Q.F32 else np.float16))
            continue
        block, size = gguf.GGML_QUANT_SIZES[kind]
        writer.add_tensor(name, np.zeros((*shape[:-1], shape[-1] // block * size), dtype=np.uint8), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def attention(i, embd, heads, kv_heads, head, kind=Q.Q8_0):
    return {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.attn_q.weight": ((heads * head, embd), kind),
            f"blk.{i}.attn_k.weight": ((kv_heads * head, embd), kind), f"blk.{i}.attn_v.weight": ((kv_heads * head, embd), kind),
            f"blk.{i}.attn_output.weight": ((embd, heads * head), kind), f"blk.{i}.ffn_norm.weight": ((embd,), Q.F32)}


def mlp(i, embd, ff, kind=Q.Q8_0):
    return {f"blk.{i}.ffn_gate.weight": ((ff, embd), kind), f"blk.{i}.ffn_up.weight": ((ff, embd), kind), f"blk.{i}.ffn_down.weight": ((embd, ff), kind)}


def ends(embd, tokens=320, kind=Q.Q8_0, tied=False):
    tensors = {"token_embd.weight": ((tokens, embd), kind), "output_norm.weight": ((embd,), Q.F32)}
    return tensors if tied else {**tensors, "output.weight": ((tokens, embd), kind)}


def common(layers, embd, heads, kv_heads, ff, context=4096, **more):
    return {".block_count": layers, ".context_length": context, ".embedding_length": embd, ".feed_forward_length": ff,
            ".attention.head_count": heads, ".attention.head_count_kv": kv_heads, ".attention.layer_norm_rms_epsilon": 1e-5, **more}


def dense(path, layers=4, kind=Q.Q8_0, split=0):
    tensors = ends(256, kind=kind)
    for i in range(layers):
        tensors |= attention(i, 256, 4, 2, 64, kind) | mlp(i, 256, 512, kind)
    write(path, "llama", common(layers, 256, 4, 2, 512, **{".rope.dimension_count": 64}), tensors, split=split)


def experts(path):
    tensors = ends(256)
    for i in range(3):
        tensors |= attention(i, 256, 4, 2, 128) | {
            f"blk.{i}.attn_q_norm.weight": ((128,), Q.F32), f"blk.{i}.attn_k_norm.weight": ((128,), Q.F32),
            f"blk.{i}.ffn_gate_inp.weight": ((8, 256), Q.F32), f"blk.{i}.ffn_gate_exps.weight": ((8, 64, 256), Q.Q8_0),
            f"blk.{i}.ffn_up_exps.weight": ((8, 64, 256), Q.Q8_0), f"blk.{i}.ffn_down_exps.weight": ((8, 256, 64), Q.Q8_0)}
    write(path, "qwen3moe", common(3, 256, 4, 2, 512, **{".expert_count": 8, ".expert_used_count": 2, ".expert_feed_forward_length": 64,
                                                         ".attention.key_length": 128, ".attention.value_length": 128}), tensors)


def latent(path):
    """DeepSeek-V2-Lite's attention: one row of 64 + 32 for all heads."""
    embd, heads, rank, rope, nope, value = 256, 4, 64, 32, 64, 64
    tensors = ends(embd)
    for i in range(3):
        tensors |= {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.attn_q.weight": ((heads * (nope + rope), embd), Q.Q8_0),
                    f"blk.{i}.attn_kv_a_mqa.weight": ((rank + rope, embd), Q.Q8_0), f"blk.{i}.attn_kv_a_norm.weight": ((rank,), Q.F32),
                    f"blk.{i}.attn_k_b.weight": ((heads, rank, nope), Q.Q8_0), f"blk.{i}.attn_v_b.weight": ((heads, value, rank), Q.Q8_0),
                    f"blk.{i}.attn_output.weight": ((embd, heads * value), Q.Q8_0), f"blk.{i}.ffn_norm.weight": ((embd,), Q.F32)} | mlp(i, embd, 512)
    write(path, "deepseek2", common(3, embd, heads, 1, 512, **{
        ".attention.kv_lora_rank": rank, ".attention.key_length": rank + rope, ".attention.value_length": rank,
        ".attention.key_length_mla": nope + rope, ".attention.value_length_mla": value, ".rope.dimension_count": rope,
        ".leading_dense_block_count": 3, ".expert_feed_forward_length": 64, ".expert_count": 0, ".expert_shared_count": 1, ".vocab_size": 320}), tensors)


def windows(path):
    """Gemma 3: five layers with a window, then one without."""
    tensors = ends(256, tied=True)
    for i in range(6):
        tensors |= attention(i, 256, 4, 2, 64) | mlp(i, 256, 512) | {
            f"blk.{i}.{name}.weight": ((size,), Q.F32) for name, size in
            [("attn_q_norm", 64), ("attn_k_norm", 64), ("post_attention_norm", 256), ("post_ffw_norm", 256)]}
    write(path, "gemma3", common(6, 256, 4, 2, 512, context=8192, **{".attention.key_length": 64, ".attention.value_length": 64, ".attention.sliding_window": 512}), tensors)


def recurrent(path):
    """Mamba-2 alone."""
    embd, inner, state, groups, heads = 256, 512, 64, 1, 8
    tensors = ends(embd)
    for i in range(3):
        tensors |= {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.ssm_in.weight": ((2 * inner + 2 * groups * state + heads, embd), Q.Q8_0),
                    f"blk.{i}.ssm_conv1d.weight": ((inner + 2 * groups * state, 4), Q.F32), f"blk.{i}.ssm_conv1d.bias": ((inner + 2 * groups * state,), Q.F32),
                    f"blk.{i}.ssm_dt.bias": ((heads,), Q.F32), f"blk.{i}.ssm_a": ((heads, 1), Q.F32), f"blk.{i}.ssm_d": ((heads, 1), Q.F32),
                    f"blk.{i}.ssm_norm.weight": ((groups, inner // groups), Q.F32), f"blk.{i}.ssm_out.weight": ((embd, inner), Q.Q8_0)}
    write(path, "mamba2", common(3, embd, 0, 0, 0, **{".ssm.conv_kernel": 4, ".ssm.inner_size": inner, ".ssm.state_size": state,
                                                      ".ssm.time_step_rank": heads, ".ssm.group_count": groups}), tensors)


def hybrid(path):
    """Granite 4: Mamba-2 layers and, in between, one with attention; the head counts say which."""
    embd, inner, state, groups, heads = 256, 512, 64, 1, 8
    kv_heads = [0, 0, 2, 0]
    tensors = ends(embd)
    for i, kv in enumerate(kv_heads):
        if kv:
            tensors |= attention(i, embd, 4, kv, 64)
        else:
            tensors |= {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.ssm_in.weight": ((2 * inner + 2 * groups * state + heads, embd), Q.Q8_0),
                        f"blk.{i}.ssm_conv1d.weight": ((inner + 2 * groups * state, 4), Q.F32), f"blk.{i}.ssm_conv1d.bias": ((inner + 2 * groups * state,), Q.F32),
                        f"blk.{i}.ssm_dt.bias": ((heads,), Q.F32), f"blk.{i}.ssm_a": ((heads, 1), Q.F32), f"blk.{i}.ssm_d": ((heads, 1), Q.F32),
                        f"blk.{i}.ssm_norm.weight": ((groups, inner // groups), Q.F32), f"blk.{i}.ssm_out.weight": ((embd, inner), Q.Q8_0)}
        tensors |= mlp(i, embd, 512) | {f"blk.{i}.ffn_norm.weight": ((embd,), Q.F32)}
    write(path, "granitehybrid", common(4, embd, 4, kv_heads, 512, **{
        ".ssm.conv_kernel": 4, ".ssm.inner_size": inner, ".ssm.state_size": state, ".ssm.time_step_rank": heads, ".ssm.group_count": groups,
        ".rope.dimension_count": 64, ".embedding_scale": 1.0, ".residual_scale": 1.0, ".logit_scale": 1.0, ".attention.scale": 0.125}), tensors)


def projector(path):
    """A vision tower and its projector: "clip"."""
    embd, ff = 128, 256
    tensors = {"v.patch_embd.weight": ((embd, 3, 14, 14), Q.F16), "v.position_embd.weight": ((257, embd), Q.F32), "v.post_ln.weight": ((embd,), Q.F32),
               "mm.0.weight": ((256, embd), Q.F16), "mm.0.bias": ((256,), Q.F32)}
    for i in range(2):
        for name in ("attn_q", "attn_k", "attn_v", "attn_out"):
            tensors[f"v.blk.{i}.{name}.weight"] = ((embd, embd), Q.F16)
        tensors |= {f"v.blk.{i}.ffn_up.weight": ((ff, embd), Q.F16), f"v.blk.{i}.ffn_down.weight": ((embd, ff), Q.F16),
                    f"v.blk.{i}.ln1.weight": ((embd,), Q.F32), f"v.blk.{i}.ln2.weight": ((embd,), Q.F32)}
    write(path, "clip", {"clip.has_vision_encoder": True, "clip.projector_type": "mlp", "clip.vision.image_size": 224, "clip.vision.patch_size": 14,
                         "clip.vision.embedding_length": embd, "clip.vision.feed_forward_length": ff, "clip.vision.block_count": 2,
                         "clip.vision.attention.head_count": 4, "clip.vision.projection_dim": 256}, tensors, tokens=0)


# Of q8_1, which no file holds, the package up to 0.19 has a size that ggml has not (40 for 36).
NOT_COMPARED = (Q.F32, Q.F16, Q.Q8_1)


def every_type(path):
    tensors = {}
    for kind, (block, _) in gguf.GGML_QUANT_SIZES.items():
        if kind not in NOT_COMPARED:
            tensors[f"{kind.name.lower()}.weight"] = ((3, 2 * max(block, 32)), kind)
    write(path, "llama", {"a.list": [1, 2, 3], "a.float": 0.5, "a.truth": True, "a.text": "ü"}, tensors)


MODELS = {"dense": dense, "experts": experts, "latent": latent, "windows": windows, "recurrent": recurrent, "hybrid": hybrid, "projector": projector, "every_type": every_type}
