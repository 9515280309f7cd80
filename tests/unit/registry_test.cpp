#include "registry/registry.h"

#include <gtest/gtest.h>

#include "registry/diff.h"
#include "registry/metrics_log.h"
#include "registry/prefill.h"
#include "registry/settings.h"
#include "registry/spans.h"

namespace vram::registry {
namespace {

/// A registry with one entry whose launch is `args` and whose other parts are `rest`.
std::string with_entry(std::string_view args, std::string_view rest = R"(, "generation_defaults": {})",
                       std::string_view backend = "vllm") {
  return R"([{"name": "m", "backend": ")" + std::string(backend) + R"(", "backend_config": {"extra_args": )" +
         std::string(args) + "}" + std::string(rest) + "}]";
}

struct ApplyCase {
  const char* name;
  const char *args, *expected;
  Settings settings;
};
const Settings kContext{.context = 8192}, kNothingElse{.gpu_memory_utilization = "0.8"};
const ApplyCase kApplyCases[] = {
    {"two words are replaced in place", R"(["--max-model-len", "4096", "--gpu-memory-utilization", "0.75"])",
     R"(["--max-model-len", "8192", "--gpu-memory-utilization", "0.75"])", kContext},
    {"one word is replaced in place", R"(["--max-model-len=4096","--gpu-memory-utilization=0.75"])",
     R"(["--max-model-len=8192","--gpu-memory-utilization=0.75"])", kContext},
    {"underscores are the same flag", R"(["--max_model_len", "4096", "--gpu_memory_utilization=0.9"])",
     R"(["--max_model_len", "8192", "--gpu_memory_utilization=0.9"])", kContext},
    {"each time it stands there", R"(["--gpu-memory-utilization", "0.7", "-x", "--gpu-memory-utilization=0.9"])",
     R"(["--gpu-memory-utilization", "0.8", "-x", "--gpu-memory-utilization=0.8"])", kNothingElse},
    {"what is absent is appended, with the share that the tool adds", R"([])",
     R"(["--max-model-len", "8192", "--gpu-memory-utilization", "0.90"])", kContext},
    {"appended behind what is there, in its spacing", R"(["--enforce-eager"])",
     R"(["--enforce-eager", "--gpu-memory-utilization", "0.8"])", kNothingElse},
    {"a flag without its value gets one",
     R"(["--gpu-memory-utilization", "--max-model-len"])",
     R"(["--gpu-memory-utilization", "0.90", "--max-model-len", "8192"])",
     {.context = 8192, .gpu_memory_utilization = "0.90"}},
    {"a longer flag is another one", R"(["--max-model-len-x", "1", "--gpu-memory-utilization", "0.9"])",
     R"(["--max-model-len-x", "1", "--gpu-memory-utilization", "0.9", "--max-model-len", "8192"])", kContext},
    {"a number is replaced by a word", R"(["--max-model-len", 4096, "--gpu-memory-utilization=1"])",
     R"(["--max-model-len", "8192", "--gpu-memory-utilization=1"])", kContext},
    {"auto is not added",
     R"(["--gpu-memory-utilization", "0.9"])",
     R"(["--gpu-memory-utilization", "0.9"])",
     {.kv_cache_dtype = "auto"}},
    {"auto replaces another type",
     R"(["--kv-cache-dtype=fp8", "--gpu-memory-utilization", "0.9"])",
     R"(["--kv-cache-dtype=auto", "--gpu-memory-utilization", "0.9"])",
     {.kv_cache_dtype = "auto"}},
    {"all of them",
     R"(["--x=[1, \"]\"]"])",
     R"(["--x=[1, \"]\"]", "--max-model-len", "1", "--max-num-seqs", "2", "--gpu-memory-utilization", "0.5", )"
     R"("--kv-cache-dtype", "fp8"])",
     {.context = 1, .max_num_seqs = 2, .gpu_memory_utilization = "0.5", .kv_cache_dtype = "fp8"}},
};

TEST(Settings, ChangeTheNamedFlagsAndNothingElse) {
  for (const ApplyCase& each : kApplyCases) {
    const bool sets_context = each.settings.context.has_value();
    const std::string window =
        sets_context ? R"("context_window": )" + std::to_string(*each.settings.context) : std::string();
    const auto after = with_settings(with_entry(each.args), "r", "m", each.settings);
    ASSERT_TRUE(after) << each.name << ": " << after.error().sentence();
    EXPECT_EQ(*after, with_entry(each.expected, R"(, "generation_defaults": {)" + window + '}')) << each.name;
    EXPECT_EQ(*with_settings(*after, "r", "m", each.settings), *after) << each.name << ", applied twice";
  }
}

TEST(Settings, OfOllamaAreTheContextAlone) {
  const std::string before = with_entry(R"(["--num-gpu", "35"])", "", "ollama");
  EXPECT_EQ(*with_settings(before, "r", "m", {.context = 4096}),
            with_entry(R"(["--num-gpu", "35", "--num-ctx", "4096"])",
                       R"(, "generation_defaults": {"context_window": 4096})", "ollama"));
  EXPECT_FALSE(with_settings(before, "r", "m", {.context = 4096, .max_num_seqs = 1}));
  EXPECT_FALSE(with_settings(before, "r", "m", {.max_num_seqs = 1}));
}

TEST(Settings, KeepHowTheFileIsWritten) {
  const std::string before =
      "[\r\n\t{\"name\":\"a\\u00e9\",\"n\":1.50e3},\n\t{\n\t\t\"name\": \"m\",\n\t\t\"backend\" : \"vllm\",\n"
      "\t\t\"backend_config\": {\n\t\t\t\"extra_args\": "
      "[\n\t\t\t\t\"--gpu-memory-utilization=0.9\"\n\t\t\t]\n\t\t}\n\t}\n]\n";
  std::string expected = before;
  expected.replace(expected.find("0.9\"") + 4, 0, ",\n\t\t\t\t\"--max-model-len\",\n\t\t\t\t\"8\"");
  expected.replace(expected.rfind("\n\t}"), 0, ",\n\t\t\"generation_defaults\": {\"context_window\": 8}");
  EXPECT_EQ(*with_settings(before, "r", "m", {.context = 8}), expected);
}

TEST(Settings, FillAnEmptyListInItsIndent) {
  const std::string before =
      "[\n  {\n    \"name\": \"m\",\n    \"backend\": \"ollama\",\n    \"backend_config\": {\n      \"extra_args\": "
      "[]\n    },\n"
      "    \"generation_defaults\": {\n      \"context_window\": null\n    }\n  }\n]";
  std::string expected = before;
  expected.replace(expected.find("null"), 4, "8");
  expected.replace(expected.find("[]"), 2, "[\n        \"--num-ctx\",\n        \"8\"\n      ]");
  EXPECT_EQ(*with_settings(before, "r", "m", {.context = 8}), expected);
}

TEST(Settings, MakeTheLaunchWhereThereIsNone) {
  EXPECT_EQ(*with_settings(R"([{"name": "m", "backend": "ollama"}])", "r", "m", {.context = 8}),
            R"([{"name": "m", "backend": "ollama", "backend_config": {"extra_args": ["--num-ctx", "8"]}, )"
            R"("generation_defaults": {"context_window": 8}}])");
  EXPECT_EQ(*with_settings(R"([{"name":"m","backend":"ollama","backend_config":null,"generation_defaults":null}])", "r",
                           "m", {.context = 8}),
            R"([{"name":"m","backend":"ollama","backend_config":{"extra_args": ["--num-ctx", "8"]},)"
            R"("generation_defaults":{"context_window": 8}}])");
}

struct RefusedCase {
  const char *text, *sentence;
};
const RefusedCase kRefusedCases[] = {
    {R"([{"name": "n", "backend": "vllm"}])",
     R"(r: no entry is called "m"; `vram-estimator registry list` prints their names)"},
    {R"([{"name": "m"}, {"name": "m"}])", R"(r: two entries are called "m"; give each a name of its own)"},
    {R"([{"name": "m", "backend": "lmdeploy"}])",
     R"(r: "m": its backend is "lmdeploy"; settings can be applied to vllm and ollama)"},
    {R"([{"name": "m", "backend": "vllm", "backend_config": {"extra_args": "--x"}}])",
     R"(r: "m": "extra_args": expected a list of words)"},
    {R"({"name": "m"})", R"(r: expected a list of entries, found an object; give the registry's JSON file)"},
    {R"([{"name": "m"}, 3])", R"(r: entry 1: expected an object with a "name", found 3)"},
    {R"([{"name": "m")", R"(r: it is not valid JSON at byte 14)"},
};

TEST(Settings, AreRefusedInOneSentence) {
  for (const RefusedCase& each : kRefusedCases) {
    const auto after = with_settings(each.text, "r", "m", kContext);
    ASSERT_FALSE(after) << each.text;
    EXPECT_EQ(after.error().sentence(), each.sentence);
  }
}

TEST(Registry, FindsWhereAModelMayLie) {
  const auto registry = read_registry(
      R"([{"name": "a", "backend": "vllm", "backend_config": {"model_path": "/models/org/name/"}, "download_path": "/models/org/name/"},
          {"name": "b", "backend": "ollama", "backend_config": {"model_path": "ollama:/x:7b"}, "source": {"huggingface_id": "org/x"}}])",
      "r");
  ASSERT_TRUE(registry);
  EXPECT_EQ(model_candidates(registry->entries[0]), (std::vector<std::string>{"/models/org/name/", "org/name"}));
  EXPECT_EQ(model_candidates(registry->entries[1]), (std::vector<std::string>{"ollama:/x:7b", "org/x"}));
  EXPECT_EQ(registry->search("VLLM").size(), 1u);
  EXPECT_EQ(registry->search("").size(), 2u);
}

Entry entry_of(const std::string& architecture, const std::string& more = "") {
  const auto registry = read_registry(R"([{"name": "m", "metadata": {"architecture": )" + architecture +
                                          R"(, "ollama_parameter_size": "8.2B"})" + more + "}]",
                                      "r");
  return registry->entries[0];
}

TEST(Prefill, IsWhatTheExistingPageFillsIn) {
  const Prefill filled = prefill(entry_of(
      R"({"params_billion": 9.0, "num_layers": 36, "num_attention_heads": 32, "hidden_size": 4096, "max_position_embeddings": 2048})",
      R"(, "quantization": "Q4_K_M")"));
  EXPECT_EQ(filled.params_billion->value, 9.0);
  EXPECT_EQ(filled.kv_heads->value, 32);
  EXPECT_EQ(filled.head_dim->value, 128);
  EXPECT_EQ(filled.context_tokens->value, 2048);
  EXPECT_EQ(filled.quant, "int4");
  EXPECT_TRUE(filled.missing().empty());
  EXPECT_FALSE(filled.vision_gib);
}

TEST(Prefill, SaysWhatIsMissing) {
  const Prefill filled = prefill(entry_of(R"({"num_layers": 24, "hidden_size": 2880, "num_attention_heads": 77})"));
  EXPECT_EQ(filled.params_billion->from, "metadata.ollama_parameter_size");
  EXPECT_EQ(filled.missing(), std::vector<std::string>{"head_dim"});
}

TEST(Prefill, TakesTheConfigsOwnHeadSize) {
  Prefill filled = prefill(entry_of(R"({"num_layers": 24, "num_kv_heads": 8, "head_dim": 45})"));
  const auto source = read_config_json(
      R"({"architectures": ["GptOssForCausalLM"], "num_hidden_layers": 24, "num_key_value_heads": 8, "head_dim": 64})",
      "x", "x");
  take_config(filled, *source);
  EXPECT_EQ(filled.head_dim->value, 64);
  EXPECT_EQ(filled.head_dim->from, "config.json: head_dim");
}

TEST(Prefill, GuessesAVisionTowerAsTheExistingPage) {
  const auto vision = [](const char* text) { return guessed_vision_gib(*json::parse(text, "")); };
  EXPECT_DOUBLE_EQ(vision("{}"), 1.22);  // 0.60 + 0.36 + 0.0512 + 0.2048
  EXPECT_DOUBLE_EQ(vision(R"({"num_layers": 27, "hidden_size": 1152, "patch_size": 16})"), 1.22);
  EXPECT_DOUBLE_EQ(vision(R"({"image_size": 4000})"), 2.5);
  EXPECT_DOUBLE_EQ(vision(R"({"num_layers": 1, "projection_dim": 1, "image_size": 14})"), 0.62);
}

TEST(MetricsLog, GivesTheLastLineAboutTheModel) {
  const std::string log =
      R"({"timestamp": "1", "model": "m", "payload": {"metrics": {"gpu_memory_gib": {"used": 10}}}}
{"timestamp": "2", "model": "other", "payload": {"metrics": {"gpu_memory_gib": {"used": 20}}}}
{"timestamp": "3", "model": "m", "payload": {"metrics": {"gpu_memory_gib": {"used": 14.5}, "runtime_context_tokens": 4096, "configured_max_num_seqs": 2}}}
{"timestamp": "4", "model": "m", "payload": {}}
{"timestamp": "5", "mod)";
  const auto seen = last_snapshot(log, entry_of("{}"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->timestamp, "3");
  formula::Request request;
  request.params_billion = 8;
  request.layers = 36, request.kv_heads = 8, request.head_dim = 128;
  const formula::Request with = with_snapshot(request, *seen);
  const formula::Estimate estimate = formula::estimate(with, 4);
  EXPECT_EQ(with.batch, 2);
  EXPECT_EQ(with.profile.overhead_gib, 0.5);
  EXPECT_NEAR(estimate.weights_gib + estimate.kv_gib + estimate.overhead_gib + estimate.vision_gib, 14.5, 1e-9);
}

TEST(Diff, IsUnified) {
  EXPECT_EQ(unified_diff("a\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\nE\ne2\nf\ng\n", "r"),
            "--- r\n+++ r\n@@ -2,6 +2,7 @@\n b\n c\n d\n-e\n+E\n+e2\n f\n g\n");
  EXPECT_EQ(unified_diff("a", "a", "r"), "");
  std::string far, other;
  for (int i = 0; i < 30; ++i) {
    far += std::to_string(i) + '\n';
    other += std::to_string(i == 2 || i == 25 ? 100 : i) + '\n';
  }
  const std::string diff = unified_diff(far, other, "r");
  EXPECT_NE(diff.find("@@ -1,6 +1,6 @@"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -23,7 +23,7 @@"), std::string::npos) << diff;
}

}  // namespace
}  // namespace vram::registry
