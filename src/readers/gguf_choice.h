// Which of a folder's GGUF files is the model that was asked for, and which projector goes with it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vram::gguf {

/// The file, of a split model its first part, whose name has `tag` ("Q4_K_M", whatever the case) before a dot or a
/// dash; without a tag that of Q4_K_M, of Q8_0, or the first. Projectors and drafts are no models.
///
///   files   paths, in the hub's order
///   source  llama.cpp 0216dab364, common/download.cpp: find_best_model, gguf_filename_is_model
std::optional<std::string> choose_model(std::span<const std::string> files, std::string_view tag);

/// The projector that llama.cpp loads with `model`: in its folder or one above, the nearest one, of these the one whose
/// quantisation has the nearest number of bits.
///
///   source  the same, find_best_sibling
std::optional<std::string> choose_projector(std::span<const std::string> files, std::string_view model);

/// The tags of the models among `files`, each once: what "org/name:" may be followed by.
std::vector<std::string> model_tags(std::span<const std::string> files);

}  // namespace vram::gguf
