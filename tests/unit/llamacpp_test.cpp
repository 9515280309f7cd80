#include <gtest/gtest.h>

#include "gguf_bytes.h"
#include "llamacpp/plan.h"
#include "llamacpp/windows.h"

namespace vram::llamacpp {
namespace {

using gguf::Bytewise;

gguf::File file_of(std::string_view architecture, std::initializer_list<std::pair<const char*, std::uint32_t>> fields,
                   std::uint64_t tensors = 0, const Bytewise& rest = {}) {
  Bytewise bytes = gguf::head(tensors, fields.size() + 1).text_field("general.architecture", architecture);
  for (const auto& [key, value] : fields) bytes.u32_field(std::string(architecture) + '.' + key, value);
  bytes.raw(rest.text()).pad_to(32).zeros(1 << 16);
  return **gguf::read_gguf(bytes.bytes(), Bytes(std::int64_t(bytes.text().size())), "f");
}

struct WindowCase {
  const char* name;
  gguf::File file;
  std::int64_t window;
  const char* layers;  // w: with a window, f: full
};

TEST(Windows, AreEachArchitecturesOwn) {
  const char* kSize = "attention.sliding_window";
  const WindowCase cases[] = {
      {"Gemma 3 has five of six", file_of("gemma3", {{kSize, 1024}}), 1024, "wwwwwfwwwwwf"},
      {"Gemma 2's window need not be stated", file_of("gemma2", {}), 4096, "wfwfwfwfwfwf"},
      {"gpt-oss alternates", file_of("gpt-oss", {{kSize, 128}}), 128, "wfwfwfwfwfwf"},
      {"the metadata's period wins", file_of("gemma3", {{kSize, 8}, {"attention.sliding_window_pattern", 3}}), 8,
       "wwfwwfwwfwwf"},
      {"Cohere 2's MoE begins with a full one", file_of("cohere2moe", {{kSize, 8}}), 8, "fwwwfwwwfwww"},
      {"Llama 4's chunks are what they are", file_of("llama4", {{kSize, 100}}), 8192, "wwwfwwwfwwwf"},
      {"Llama 4 without", file_of("llama4", {{kSize, 0}}), 0, "ffffffffffff"},
      {"Phi 3's is not used", file_of("phi3", {{kSize, 2048}}), 0, "ffffffffffff"},
      {"Gemma 3 without", file_of("gemma3", {}), 0, "ffffffffffff"},
  };
  for (const WindowCase& each : cases) {
    const auto windows = windows_of(each.file, 12);
    ASSERT_TRUE(windows) << each.name;
    std::string layers;
    for (const bool window : windows->layers) layers += window ? 'w' : 'f';
    EXPECT_EQ(windows->size, Tokens(each.window)) << each.name;
    EXPECT_EQ(layers, each.layers) << each.name;
  }
}

TEST(Cuda, PadsTheLastRowOfQuantisedTensors) {
  const gguf::Type &q4_0 = *gguf::find_type("q4_0"), &f16 = *gguf::find_type("f16");
  EXPECT_EQ(on_cuda(q4_0, 512, 3), Bytes(round_up(3 * 16 * 18, 128)));
  EXPECT_EQ(on_cuda(q4_0, 64, 3), Bytes(round_up((3 * 2 + 14) * 18, 128)));
  EXPECT_EQ(on_cuda(f16, 65, 3), Bytes(512));
}

Settings settings_of(std::vector<std::string> words) {
  const auto read = read_words(words);
  return *read_settings(read->args);
}

TEST(Settings, AreReadAsLlamaServerReadsThem) {
  const Settings read =
      settings_of({"-c", "8k", "-np", "2", "--cache-type-k=q8_0", "-ngl", "all", "-fa", "off", "-nkvo"});
  EXPECT_EQ(read.context, Tokens(8000));
  EXPECT_EQ(read.parallel, 2);
  EXPECT_EQ(read.key_type().name, "q8_0");
  EXPECT_EQ(read.value_type().name, "f16");
  EXPECT_GT(*read.gpu_layers, 1000);
  EXPECT_FALSE(read.flash_attention);
  EXPECT_FALSE(read.offload_cache);
  EXPECT_EQ(settings_of({"-ngl", "auto"}).gpu_layers, std::nullopt);
  EXPECT_EQ(settings_of({"--num-ctx", "4096"}).context, Tokens(4096));
}

struct BadWords {
  std::vector<std::string> words;
  const char* sentence;
};

TEST(Settings, ThatCannotBeAreRefusedInOneSentence) {
  const BadWords cases[] = {
      {{"--ctx-sise", "8"}, "--ctx-sise: llama.cpp has no such flag that counts for memory; did you mean --ctx-size?"},
      {{"-c"}, "-c: expected a value, found nothing"},
      {{"a", "b"}, "\"b\": one model is served, and \"a\" is it"},
  };
  for (const BadWords& each : cases) {
    const auto read = read_words(each.words);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().sentence(), each.sentence);
  }
  json::Object args;
  args.set("cache_type_k", json::Value("q3_K"));
  EXPECT_EQ(read_settings(args).error().sentence(),
            "cache_type_k: expected f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0 or q5_1, found \"q3_K\"");
}

/// Two layers of attention, 4 heads of 64, a tied head.
Model model() {
  Bytewise tensors;
  std::uint64_t offset = 0;
  const auto add = [&](const char* name) {
    tensors.tensor(name, {256, 8}, 0, offset);
    offset += 8192;
  };
  add("token_embd.weight");
  add("blk.0.attn_k.weight");
  add("blk.1.attn_k.weight");
  const gguf::File file = file_of("llama",
                                  {{"block_count", 2},
                                   {"context_length", 8192},
                                   {"embedding_length", 256},
                                   {"feed_forward_length", 512},
                                   {"attention.head_count", 4}},
                                  3, tensors);
  return *describe(file, "f");
}

TEST(Plan, KeepsATiedHeadTwice) {
  const Model described = model();
  EXPECT_EQ(described.input, Bytes(8192));
  EXPECT_EQ(described.output, Bytes(8192));
  EXPECT_EQ(described.layers[1].attention->key_width, 256);
}

TEST(Plan, SpreadsLayersOverGpus) {
  Request request{model(), {}, Bytes(0), {}, 2};
  request.gpu.total = Bytes(kGiB * 8);
  const auto report = plan(request);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->gpus[0].layers, 2);
  EXPECT_EQ(report->gpus[1].layers, 0);
  EXPECT_EQ(report->gpus[1].weights, Bytes(8192));
  EXPECT_EQ(report->cells.sequences, 4);
  EXPECT_EQ(report->cells.context, Tokens(8192));
}

TEST(Plan, MoreTokensNeverNeedLess) {
  Request request{model(), {}, Bytes(0), {}, 1};
  request.gpu.total = Bytes(kGiB * 80);
  Bytes last;
  for (const std::int64_t context : {1, 256, 257, 5000, 100'000, 10'000'000}) {
    request.settings.context = Tokens(context);
    const auto report = plan(request);
    ASSERT_TRUE(report);
    EXPECT_GE(report->fullest().used(), last) << context;
    last = report->fullest().used();
  }
}

TEST(Plan, RefusesRowsThatATypeCannotHold) {
  Request request{model(), settings_of({"-ctk", "q8_0"}), Bytes(0), {}, 1};
  request.model.layers[0].attention->key_width = 100;
  EXPECT_EQ(plan(request).error().sentence(),
            "cache_type_k: q8_0 keeps blocks of 32, and a token's row has 100; f16 holds any row");
}

}  // namespace
}  // namespace vram::llamacpp
