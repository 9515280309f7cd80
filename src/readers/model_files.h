// A model by the small files of its folder, wherever the folder is: on disk, in a cache, on a hub.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>

#include "readers/config_json.h"

namespace vram {

/// Those that say something about the model; a folder has some of them.
inline constexpr std::array<std::string_view, 5> kModelFiles = {"config.json", "params.json", "hf_quant_config.json",
                                                                "adapter_config.json", "generation_config.json"};

/// Texts by file name.
using ModelFiles = std::map<std::string, std::string, std::less<>>;

/// The model of config.json, else of Mistral's params.json; hf_quant_config.json counts where config.json says nothing
/// about quantisation.
///
///   name    as the user calls the model
///   place   of the folder, as errors call it
///   errors  kBadInput for a file that cannot be read, for a folder of a LoRA adapter with its base model and rank;
///           kNotFound without a config
///   source  vllm/transformers_utils/config.py get_config; model_loader/weight_utils.py get_quant_config
Result<ModelSource> read_model_files(const ModelFiles& files, std::string name, const std::string& place);

}  // namespace vram
