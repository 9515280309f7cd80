// What a sentence was read as, in JSON.
#pragma once

#include "json/value.h"
#include "options/ask.h"

namespace vram::report {

/// {"request", "understood": [{"part", "words", "meaning"}], "not_understood": [words], "hints": [sentences]}
json::Value ask_json(const options::Asked& asked);

}  // namespace vram::report
