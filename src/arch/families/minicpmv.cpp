// MiniCPM-V 2.5 to 4.5 and MiniCPM-o: Idefics 2's encoder of images, a resampler to a fixed number of tokens, and the
// decoder that the version names; MiniCPM-o has Whisper's encoder beside them.
#include <charconv>

#include "arch/decoder.h"
#include "arch/vision/siglip.h"
#include "arch/vision/whisper_encoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiniCPMV", "MiniCPMO"};

constexpr vllm::Step<bool> kFourth[] = {
    {{}, false, "vllm v0.9.2 vllm/model_executor/models/minicpmv.py, _SUPPORT_VERSION"},
    {{2025, 8, 26}, true, "~ vllm v0.10.2 vllm/model_executor/models/minicpmv.py: 4.0 and 4.5"},
};
static_assert(vllm::well_formed(kFourth));

/// Whether MiniCPM-o looks at its version: before, it was 2.6 always.
constexpr vllm::Step<bool> kOmniVersions[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/minicpmo.py"},
    {{2026, 2, 10}, true, "~ absent in v0.14.1, in v0.19.0 vllm/model_executor/models/minicpmo.py"},
};
static_assert(vllm::well_formed(kOmniVersions));

struct Version {
  int major = 0, minor = 0;
  std::string_view decoder = {};
  bool temporal = false;  // the resampler has positions in time too
};

constexpr Version kVersions[] = {{2, 5, "LlamaForCausalLM"},
                                 {2, 6, "Qwen2ForCausalLM"},
                                 {4, 0, "LlamaForCausalLM"},
                                 {4, 5, "Qwen3ForCausalLM", true}};

/// The resampler's tables of positions, which reach the GPU when weights are loaded at the latest, have so many
/// patches a side and so many frames.
constexpr std::int64_t kMostPatches = 70, kMostFrames = 36000;

/// "version", which configs write as a number or as text.
Version read_version(const Builder& builder, bool omni) {
  const json::Fields& config = builder.config();
  if (omni && !vllm::in_force(kOmniVersions, builder.options().as_of)) return {2, 6};
  const json::Value* given = config.find("version");
  if (const auto number = given ? given->number() : std::nullopt) return {int(*number), int(*number * 10 + 0.5) % 10};
  if (given) {
    const std::string text = config.text_or("version", "");
    Version version;
    const char* end = text.data() + text.size();
    const auto major = std::from_chars(text.data(), end, version.major);
    if (major.ptr != end) std::from_chars(major.ptr + 1, end, version.minor);
    return version;
  }
  if (omni) return {2, 6};
  const bool first = config.count_or("hidden_size", 0) == 2304 && config.count_or("query_num", 0) == 64;
  return first ? Version{2, 0} : Version{2, 5};
}

/// source  vllm/model_executor/models/minicpmv.py, MiniCPMV.__new__; its class for 2.0 lacks what it asks of it
Version supported_version(const Builder& builder, bool omni) {
  const Version given = read_version(builder, omni);
  const auto refuse = [&](std::string problem) {
    builder.config().refuse("version", std::move(problem), "", ErrorCode::kRefused);
    return given;
  };
  if (given.major == 2 && given.minor == 0 && !omni)
    return refuse("AttributeError: type object 'MiniCPMV2_0' has no attribute 'packed_modules_mapping'");
  const bool fourth = vllm::in_force(kFourth, builder.options().as_of);
  for (const Version& known : kVersions) {
    const bool taken = omni ? known.minor != 0 && !(known.major == 2 && known.minor == 5) : known.major < 4 || fourth;
    if (taken && known.major == given.major && known.minor == given.minor) return known;
  }
  const char* list = omni ? "2.6, 4.5" : fourth ? "2.0, 2.5, 2.6, 4.0, 4.5" : "2.0, 2.5, 2.6";
  return refuse(std::string("Currently, ") + (omni ? "MiniCPMO" : "MiniCPMV") + " only supports versions " + list +
                ". Got version: (" + std::to_string(given.major) + ", " + std::to_string(given.minor) + ")");
}

/// source  vllm/model_executor/models/minicpmv.py, Resampler2_5 and Resampler4_5; layers/resampler.py, BaseResampler
void add_resampler(Builder& builder, const Tower& tower, std::int64_t vision, std::int64_t hidden, bool temporal) {
  Block block = builder.block("resampler");
  block.tensor("query", {builder.config().count_or("query_num", 64, 1), hidden});
  if (vision != hidden) block.replicated("kv_proj", vision, {hidden});
  block.tensor("attn.in_proj_weight", {3 * hidden, hidden});
  block.tensor("attn.in_proj_bias", {3 * hidden});
  block.tensor("attn.out_proj.weight", {hidden, hidden});
  block.tensor("attn.out_proj.bias", {hidden});
  for (const char* norm : {"ln_q", "ln_kv", "ln_post"}) block.layer_norm(norm, hidden);
  block.tensor("proj", {hidden, hidden});
  block.buffer("pos_embed", {kMostPatches, kMostPatches, hidden}, builder.dtype());
  if (temporal) block.buffer("temporal_pos_embed", {kMostFrames, hidden}, builder.dtype());
  add_tower_part(builder, tower, std::move(block));
}

/// source  vllm/model_executor/models/minicpmo.py, MiniCPMOBaseModel; transformers' WhisperConfig
void add_sound(Builder& builder, std::int64_t hidden) {
  const Tower tower{.role = Part::Role::kAudio};
  const AudioEncoder encoder = read_audio_encoder(builder.config().inner("audio_config"), {384, 1536, 6, 4, 80, 1500});
  Block ends = builder.block("apm");
  add_audio_convolutions(ends, encoder);
  ends.tensor("embed_positions.weight", {encoder.positions, encoder.width});
  ends.layer_norm("layer_norm", encoder.width);
  add_tower_part(builder, tower, std::move(ends));
  add_transformers_audio_layers(builder, tower, "apm.layers", encoder);
  Block projection = builder.block("audio_projection_layer");
  const LinearOptions biased{.bias = true, .quantised = false};
  projection.replicated("linear1", encoder.intermediate / 4, {hidden}, biased);
  projection.replicated("linear2", hidden, {hidden}, biased);
  add_tower_part(builder, tower, std::move(projection));
}

/// source  vllm/model_executor/models/minicpmv.py, MiniCPMVBaseModel; transformers' SiglipVisionConfig
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  const bool omni = source.architecture == "MiniCPMO";
  const Version version = supported_version(*builder, omni);
  if (config.error()) return *config.error();
  const std::int64_t hidden = config.count_or("hidden_size", 4096, 1);
  const VisionEncoder encoder = read_vision_encoder(config.inner("vision_config"), {1152, 4304, 27, 16, 3, 980, 14});
  VisionLayers layers = vision_layers(encoder, -1);
  if (config.flag_or("drop_vision_last_layer", true)) --layers.kept;
  const Tower tower{.role = Part::Role::kVision, .whole_with_data = true};
  add_idefics2(*builder, tower, "vpm", encoder, layers);
  add_resampler(*builder, tower, encoder.hidden, hidden, version.temporal);
  if (omni) add_sound(*builder, hidden);
  add_language_model(*builder, {std::string(version.decoder), "llm"});
  return builder->finish();
}

}  // namespace

extern const Entry minicpmv;
const Entry minicpmv{kArchitectures, build};

}  // namespace vram::arch::families
