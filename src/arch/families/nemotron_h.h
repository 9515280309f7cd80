#pragma once

#include <string>
#include <vector>

#include "arch/decoder.h"
#include "arch/mamba.h"

namespace vram::arch::families {

/// The kinds of layers in Nemotron-H's patterns.
enum class NemotronLayer : char { kMamba = 'M', kAttention = '*', kMlp = '-', kExperts = 'E' };

/// The kinds that `pattern` ("M-M*E") or else the list under `list` names; empty when the config has neither.
std::vector<NemotronLayer> nemotron_layers(const json::Fields& config, std::string_view pattern, std::string_view list);

/// source  transformers' NemotronHConfig
Decoder read_nemotron(const Builder& builder);

/// NemotronHAttention as `mixer`.
void add_nemotron_attention(Block& layer, const Decoder& decoder, std::optional<Tokens> window = {});

/// NemotronHMoE as `mixer`. `own` has the layer's own figures where a model's layers differ, and may be empty.
void add_nemotron_experts(Block& layer, const json::Fields& config, const json::Fields& own, std::int64_t hidden);

}  // namespace vram::arch::families
