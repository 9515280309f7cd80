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


def dense(path, layers=4, embd=256, ff=512, heads=4, kv_heads=2, head=64, tokens=320, kind=Q.Q8_0, split=0):
    tensors = ends(embd, tokens, kind)
    for i in range(layers):
        tensors |= attention(i, embd, heads, kv_heads, head, kind) | mlp(i, embd, ff, kind)
    write(path, "llama", common(layers, embd, heads, kv_heads, ff, **{".rope.dimension_count": head, ".attention.key_length": head, ".attention.value_length": head}),
          tensors, tokens=tokens, split=split)


def experts(path, embd=256, ff=64, heads=4, head=128, count=8, used=2):
    tensors = ends(embd)
    for i in range(4):
        tensors |= attention(i, embd, heads, 2, head) | {
            f"blk.{i}.attn_q_norm.weight": ((head,), Q.F32), f"blk.{i}.attn_k_norm.weight": ((head,), Q.F32),
            f"blk.{i}.ffn_gate_inp.weight": ((count, embd), Q.F32), f"blk.{i}.ffn_gate_exps.weight": ((count, ff, embd), Q.Q8_0),
            f"blk.{i}.ffn_up_exps.weight": ((count, ff, embd), Q.Q8_0), f"blk.{i}.ffn_down_exps.weight": ((count, embd, ff), Q.Q8_0)}
    write(path, "qwen3moe", common(4, embd, heads, 2, 512, **{".expert_count": count, ".expert_used_count": used, ".expert_feed_forward_length": ff,
                                                              ".attention.key_length": head, ".attention.value_length": head}), tensors)


def latent(path, embd=256, heads=4, rank=64, rope=32, nope=64, value=64):
    """DeepSeek's attention: one row of rank + rope for all heads."""
    tensors = ends(embd)
    for i in range(4):
        tensors |= {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.attn_q.weight": ((heads * (nope + rope), embd), Q.Q8_0),
                    f"blk.{i}.attn_kv_a_mqa.weight": ((rank + rope, embd), Q.Q8_0), f"blk.{i}.attn_kv_a_norm.weight": ((rank,), Q.F32),
                    f"blk.{i}.attn_k_b.weight": ((heads, rank, nope), Q.Q8_0), f"blk.{i}.attn_v_b.weight": ((heads, value, rank), Q.Q8_0),
                    f"blk.{i}.attn_output.weight": ((embd, heads * value), Q.Q8_0), f"blk.{i}.ffn_norm.weight": ((embd,), Q.F32)} | mlp(i, embd, 512)
    write(path, "deepseek2", common(4, embd, heads, 1, 512, **{
        ".attention.kv_lora_rank": rank, ".attention.q_lora_rank": 0, ".attention.key_length": rank + rope, ".attention.value_length": rank,
        ".attention.key_length_mla": nope + rope, ".attention.value_length_mla": value, ".rope.dimension_count": rope,
        ".leading_dense_block_count": 4, ".expert_feed_forward_length": 64, ".expert_count": 0, ".expert_shared_count": 1, ".vocab_size": 320}), tensors)


def windows(path, heads=4, head=64, window=512):
    """Gemma 3: five layers with a window, then one without."""
    tensors = ends(256, tied=True)
    for i in range(6):
        tensors |= attention(i, 256, heads, 2, head) | mlp(i, 256, 512) | {
            f"blk.{i}.{name}.weight": ((size,), Q.F32) for name, size in
            [("attn_q_norm", head), ("attn_k_norm", head), ("post_attention_norm", 256), ("post_ffw_norm", 256)]}
    write(path, "gemma3", common(6, 256, heads, 2, 512, context=8192, **{".attention.key_length": head, ".attention.value_length": head, ".attention.sliding_window": window}), tensors)


def convolutions(path):
    """LFM2: short convolutions, and every third layer attention."""
    embd, kv_heads = 256, [0, 0, 2, 0]
    tensors = {**ends(embd, tied=True), "token_embd_norm.weight": ((embd,), Q.F32)}
    del tensors["output_norm.weight"]
    for i, kv in enumerate(kv_heads):
        if kv:
            tensors |= attention(i, embd, 4, kv, 64) | {f"blk.{i}.attn_q_norm.weight": ((64,), Q.F32), f"blk.{i}.attn_k_norm.weight": ((64,), Q.F32)}
        else:
            tensors |= {f"blk.{i}.shortconv.conv.weight": ((embd, 3), Q.F32), f"blk.{i}.shortconv.in_proj.weight": ((3 * embd, embd), Q.Q8_0),
                        f"blk.{i}.shortconv.out_proj.weight": ((embd, embd), Q.Q8_0), f"blk.{i}.attn_norm.weight": ((embd,), Q.F32)}
        tensors |= mlp(i, embd, 512) | {f"blk.{i}.ffn_norm.weight": ((embd,), Q.F32)}
    write(path, "lfm2", common(4, embd, 4, kv_heads, 512, **{".shortconv.l_cache": 3}), tensors)


def recurrent(path, embd=256, inner=512, state=64, groups=1, heads=8):
    """Mamba-2 alone."""
    tensors = ends(embd)
    for i in range(4):
        tensors |= {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.ssm_in.weight": ((2 * inner + 2 * groups * state + heads, embd), Q.Q8_0),
                    f"blk.{i}.ssm_conv1d.weight": ((inner + 2 * groups * state, 4), Q.F32), f"blk.{i}.ssm_conv1d.bias": ((inner + 2 * groups * state,), Q.F32),
                    f"blk.{i}.ssm_dt.bias": ((heads,), Q.F32), f"blk.{i}.ssm_a": ((heads, 1), Q.F32), f"blk.{i}.ssm_d": ((heads, 1), Q.F32),
                    f"blk.{i}.ssm_norm.weight": ((groups, inner // groups), Q.F32), f"blk.{i}.ssm_out.weight": ((embd, inner), Q.Q8_0)}
    write(path, "mamba2", common(4, embd, 0, 0, 0, **{".ssm.conv_kernel": 4, ".ssm.inner_size": inner, ".ssm.state_size": state,
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


def sinks(path, embd=256, ff=256, heads=8, head=64, count=8, used=4):
    """gpt-oss: every other layer has a window, every head a sink, every projection a bias."""
    tensors = ends(embd)
    for i in range(4):
        tensors |= attention(i, embd, heads, 2, head) | {
            f"blk.{i}.attn_sinks.weight": ((heads,), Q.F32), f"blk.{i}.post_attention_norm.weight": ((embd,), Q.F32),
            f"blk.{i}.attn_q.bias": ((heads * head,), Q.F32), f"blk.{i}.attn_k.bias": ((2 * head,), Q.F32), f"blk.{i}.attn_v.bias": ((2 * head,), Q.F32),
            f"blk.{i}.attn_output.bias": ((embd,), Q.F32), f"blk.{i}.ffn_gate_inp.weight": ((count, embd), Q.F32), f"blk.{i}.ffn_gate_inp.bias": ((count,), Q.F32)}
        for part, shape in (("gate", (ff, embd)), ("up", (ff, embd)), ("down", (embd, ff))):
            tensors |= {f"blk.{i}.ffn_{part}_exps.weight": ((count, *shape), Q.MXFP4), f"blk.{i}.ffn_{part}_exps.bias": ((count, shape[0]), Q.F32)}
        del tensors[f"blk.{i}.ffn_norm.weight"]
    write(path, "gpt-oss", common(4, embd, heads, 2, ff, context=131072, **{
        ".attention.key_length": head, ".attention.value_length": head, ".attention.sliding_window": 128, ".expert_count": count,
        ".expert_used_count": used, ".expert_feed_forward_length": ff}), tensors)


def alternating(path):
    """Gemma 2: every other layer has a window, which the metadata need not state."""
    tensors = ends(256, tied=True)
    for i in range(4):
        tensors |= attention(i, 256, 4, 2, 64) | mlp(i, 256, 1024) | {f"blk.{i}.{name}.weight": ((256,), Q.F32) for name in ("post_attention_norm", "post_ffw_norm")}
    write(path, "gemma2", common(4, 256, 4, 2, 1024, context=8192, **{".attention.key_length": 64, ".attention.value_length": 64}), tensors)


def delta(path, embd=256, keys=4, values=8, size=32, heads=4, head=64, ff=64, count=8, used=4):
    """Qwen3-Next: three layers of delta nets, then one of attention; behind them one that predicts further tokens."""
    tensors = ends(embd)
    conv, inner = 2 * keys * size + values * size, values * size
    for i in range(5):
        tensors |= {f"blk.{i}.post_attention_norm.weight": ((embd,), Q.F32), f"blk.{i}.ffn_gate_inp.weight": ((count, embd), Q.F32),
                    f"blk.{i}.ffn_gate_exps.weight": ((count, ff, embd), Q.Q8_0), f"blk.{i}.ffn_up_exps.weight": ((count, ff, embd), Q.Q8_0),
                    f"blk.{i}.ffn_down_exps.weight": ((count, embd, ff), Q.Q8_0), f"blk.{i}.ffn_gate_inp_shexp.weight": ((embd,), Q.F32),
                    f"blk.{i}.ffn_gate_shexp.weight": ((ff, embd), Q.Q8_0), f"blk.{i}.ffn_up_shexp.weight": ((ff, embd), Q.Q8_0), f"blk.{i}.ffn_down_shexp.weight": ((embd, ff), Q.Q8_0)}
        if i >= 3:
            tensors |= attention(i, embd, heads, 2, head) | {f"blk.{i}.attn_q.weight": ((2 * heads * head, embd), Q.Q8_0),
                       f"blk.{i}.attn_q_norm.weight": ((head,), Q.F32), f"blk.{i}.attn_k_norm.weight": ((head,), Q.F32)}
            del tensors[f"blk.{i}.ffn_norm.weight"]
        else:
            tensors |= {f"blk.{i}.attn_norm.weight": ((embd,), Q.F32), f"blk.{i}.attn_qkv.weight": ((conv, embd), Q.Q8_0), f"blk.{i}.attn_gate.weight": ((inner, embd), Q.Q8_0),
                        f"blk.{i}.ssm_conv1d.weight": ((conv, 4), Q.F32), f"blk.{i}.ssm_dt.bias": ((values,), Q.F32), f"blk.{i}.ssm_a": ((values,), Q.F32),
                        f"blk.{i}.ssm_ba.weight": ((2 * values, embd), Q.Q8_0), f"blk.{i}.ssm_norm.weight": ((size,), Q.F32), f"blk.{i}.ssm_out.weight": ((embd, inner), Q.Q8_0)}
    tensors |= {"blk.4.nextn.eh_proj.weight": ((embd, 2 * embd), Q.Q8_0), "blk.4.nextn.enorm.weight": ((embd,), Q.F32), "blk.4.nextn.hnorm.weight": ((embd,), Q.F32)}
    write(path, "qwen3next", common(5, embd, heads, 2, 4 * ff, context=8192, **{
        ".attention.key_length": head, ".attention.value_length": head, ".ssm.conv_kernel": 4, ".ssm.inner_size": inner, ".ssm.state_size": size,
        ".ssm.time_step_rank": values, ".ssm.group_count": keys, ".expert_count": count, ".expert_used_count": used, ".expert_feed_forward_length": ff,
        ".expert_shared_feed_forward_length": ff, ".nextn_predict_layers": 1, ".rope.dimension_count": 16}), tensors)


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


MODELS = {"dense": dense, "experts": experts, "latent": latent, "windows": windows, "recurrent": recurrent, "hybrid": hybrid, "convolutions": convolutions,
          "sinks": sinks, "alternating": alternating, "delta": delta, "projector": projector, "every_type": every_type}

# More shapes, for what a graph of llama.cpp holds at once.
SHAPES = {
    "dense_wide": lambda path: dense(path, 4, 512, 1792, 8, 2, 64),
    "dense_heads": lambda path: dense(path, 4, 256, 768, 4, 2, 128),
    "dense_words": lambda path: dense(path, 4, 512, 1408, 8, 8, 64, tokens=8000),
    "experts_many": lambda path: experts(path, 512, 192, 4, 256, 16, 8),
    "experts_large": lambda path: experts(path, 640, 640, 8, 128, 16, 4),
    "latent_heads": lambda path: latent(path, 512, 16, 256, 64, 128, 128),
    "windows_heads": lambda path: windows(path, 8, 128, 1024),
    "recurrent_wide": lambda path: recurrent(path, 512, 1024, 64, 2, 16),
}
