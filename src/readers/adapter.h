// A LoRA adapter by its adapter_config.json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "units/result.h"

namespace vram {

struct Adapter {
  std::string base;                  // base_model_name_or_path; may be empty
  std::int64_t rank = 0;             // r, or the largest of rank_pattern
  std::vector<std::string> targets;  // target_modules: names, or one pattern
  bool scaled_by_root = false;       // use_rslora
};

/// errors  kBadInput for another kind of adapter or bad figures
/// source  peft, src/peft/tuners/lora/config.py; vllm/lora/peft_helper.py
Result<Adapter> read_adapter_config(std::string_view text, std::string_view place);

}  // namespace vram
