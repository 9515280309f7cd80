// JSON values as YAML in block style: what people put into files.
#pragma once

#include <string>

#include "json/value.h"

namespace vram::report {

/// A document; ends in a newline. Any YAML 1.1 or 1.2 reader gets the same value back: texts that could be read as
/// something else are quoted.
std::string yaml(const json::Value& value);

}  // namespace vram::report
