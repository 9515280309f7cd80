// What is said in a word or two beside the model and the card: lengths, sizes, vLLM's own arguments.
#pragma once

#include "options/ask.h"
#include "options/ask_words.h"
#include "vllm/release.h"

namespace vram::options {

/// A sentence while it is read.
struct Reading {
  Words words;
  vllm::Engine engine = vllm::newest();
  json::Object args;
  Asked asked;

  /// Takes `count` words and notes what they mean.
  void note(Understood::Part part, std::size_t at, std::size_t count, std::string meaning);
};

void take_release(Reading& reading);      // "vllm 0.19", "v0.19.0", "vllm main"
void take_arguments(Reading& reading);    // "--max-num-seqs 64", "kv-cache-dtype=fp8", "-tp 2"
void take_workload(Reading& reading);     // "64 requests of 8K", "longest context"
void take_phrases(Reading& reading);      // "32K ctx", "util .95", "tp 2", "fp8 kv"
void take_bare_length(Reading& reading);  // "32K"

}  // namespace vram::options
