// The GPUs of the catalogue and of this machine, for people and for programs.
#pragma once

#include <span>
#include <string>

#include "hardware/catalogue.h"
#include "json/value.h"

namespace vram::report {

/// A line a card: newest first within a vendor, sizes as vLLM sees them, "~" before one that is estimated.
///   width  columns of the terminal
std::string gpu_catalogue_text(std::span<const hardware::Record> records, int width);
/// {"gpus": [...]} in the same order.
json::Value gpu_catalogue_json(std::span<const hardware::Record> records);

/// What detection found: a line a GPU, or a sentence when there is none. Warnings are the caller's to print, on
/// standard error.
std::string detected_gpus_text(std::span<const hardware::Gpu> gpus, int width);
/// {"gpus": [...], "usable_bytes", "warnings": [...]}
json::Value detected_gpus_json(std::span<const hardware::Gpu> gpus, std::span<const std::string> warnings);

}  // namespace vram::report
