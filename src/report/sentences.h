// The verdict in words: the same sentence in the terminal, on the page and in every other format.
#pragma once

#include <string>

#include "plan/report.h"

namespace vram::report {

/// "Starts, with room for 15 full-length requests." Its first word is Starts, Refused, Unsure, Runs, vLLM or Not.
std::string verdict_sentence(const plan::Report& report);

/// Whether the interval holds both a start and a refusal.
bool is_unsure(const plan::Verdict& verdict);

/// One more sentence when a workload was given; empty otherwise.
std::string workload_sentence(const plan::Report& report);

/// Whether the start gets as far as to size the KV cache.
bool reaches_cache(const plan::Verdict& verdict);

}  // namespace vram::report
