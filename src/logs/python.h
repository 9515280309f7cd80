// Python values as they print themselves in a log: the arguments of a launch and the engine's configuration.
#pragma once

#include <string_view>

#include "json/value.h"

namespace vram::logs {

/// The members of `{'a': 1, 'b': None}` at the front of `text`. What a cut line leaves off is left off.
///
///   None is null; an enum's <Kind.NAME: 1> is "NAME"; a call Name(a=1) is the object of its named arguments; tuples,
///   sets and lists are lists; bare words are texts without a module's name: torch.bfloat16 is "bfloat16"
json::Object read_dict(std::string_view text);

/// The members of `a=1, b='x'`, up to a `)` that closes them or the end.
json::Object read_keywords(std::string_view text);

}  // namespace vram::logs
