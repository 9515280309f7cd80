// Weights by headers against weights by config, over the whole catalogue: what vLLM would create of a model is written
// as a checkpoint stores it, read back, and added up.
#include "arch/from_headers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "arch/build.h"
#include "memory/weights.h"
#include "plan/exact.h"
#include "plan/report.h"
#include "readers/catalogue.h"
#include "readers/checkpoint.h"

namespace vram {
namespace {

StoredType stored_as(Dtype dtype) {
  switch (dtype) {
    case Dtype::kFloat32:
      return StoredType::kF32;
    case Dtype::kBfloat16:
      return StoredType::kBf16;
    case Dtype::kFloat16:
      return StoredType::kF16;
    case Dtype::kFloat8E4m3:
      return StoredType::kF8E4m3;
    case Dtype::kFloat8E8m0:
      return StoredType::kF8E8m0;
    case Dtype::kInt64:
      return StoredType::kI64;
    case Dtype::kInt32:
      return StoredType::kI32;
    case Dtype::kInt8:
      return StoredType::kI8;
    case Dtype::kUint8:
      return StoredType::kU8;
    case Dtype::kBool:
      return StoredType::kBool;
    case Dtype::kComplex64:
      return StoredType::kC64;
  }
  return StoredType::kU8;
}

/// One shard a block, as a writer of safetensors lays it out.
class Synthesiser {
 public:
  Synthesiser(const Model& model, const memory::Platform& platform) {
    const memory::Stage all{0, 1, 0, std::int64_t(model.layers.size())};
    const memory::Towers towers;
    const auto begin = [&](std::string_view block, std::int64_t repeat) {
      end_shard();
      block_ = block;
      repeat_ = repeat;
    };
    const auto sink = [&](const memory::Parameter& parameter) {
      if (parameter.buffer || parameter.view) return;
      for (std::int64_t i = 0; i < repeat_; ++i) add(parameter, i);
    };
    error_ = memory::each_parameter(model, {}, all, platform, towers, begin, sink, memory::Moment::kStored);
    end_shard();
  }

  std::optional<Error> error_;
  Checkpoint checkpoint;

 private:
  void add(const memory::Parameter& parameter, std::int64_t copy) {
    if (shard_.size() > 1) shard_ += ',';
    shard_ += '"' + block_ + (repeat_ > 1 ? '.' + std::to_string(copy) : "") + '.' + std::string(parameter.module);
    if (!parameter.suffix.empty()) shard_ += '.' + std::string(parameter.suffix);
    shard_ += R"(":{"dtype":")" + std::string(name(stored_as(parameter.dtype))) + R"(","shape":[)";
    for (int i = 0; i < parameter.dimensions; ++i)
      shard_ += (i > 0 ? "," : "") + std::to_string(parameter.shape[std::size_t(i)]);
    const std::int64_t end = at_ + parameter.bytes().count();
    shard_ += R"(],"data_offsets":[)" + std::to_string(at_) + ',' + std::to_string(end) + "]}";
    at_ = end;
  }

  void end_shard() {
    if (shard_.size() > 1 && !error_) {
      const auto length = std::int64_t(shard_.size()) + 1;
      error_ = checkpoint.add(shard_ + '}', Bytes(8 + length + at_), block_);
    }
    shard_ = "{";
    at_ = 0;
  }

  std::string block_, shard_ = "{";
  std::int64_t repeat_ = 1, at_ = 0;
};

/// By the newest release, or by the last of those that still served the class.
Result<plan::Exact> exact_of(const ModelSource& source) {
  hardware::Gpu gpu;
  gpu.name = gpu.driver_name = "NVIDIA B200";
  gpu.capability = {10, 0};
  gpu.total = Bytes(192'000'000'000);
  std::optional<Error> first;
  for (const char* release : {"0.33.0", "0.28.0", "0.19.0"}) {
    auto deployment = plan::resolve(source, {}, *vllm::read_engine(release), gpu);
    auto exact = deployment ? plan::derive(source, *std::move(deployment)) : Result<plan::Exact>(deployment.error());
    if (exact) return exact;
    if (!first) first = exact.error();
  }
  return *first;
}

TEST(FromHeaders, WeightsByHeadersAreThoseByConfigForTheWholeCatalogue) {
  int compared = 0;
  std::set<std::string> known, seen;  // architectures
  for (const std::string& name : catalogue_names()) {
    const auto source = catalogue_model(name);
    ASSERT_TRUE(source) << name;
    const auto exact = exact_of(*source);
    if (arch::is_modelled(source->architecture)) known.insert(source->architecture);
    if (!exact) continue;  // vLLM would not start it so
    seen.insert(source->architecture);
    const memory::Platform platform = plan::platform_of(exact->deployment);
    const Synthesiser written(exact->model(), platform);
    ASSERT_FALSE(written.error_) << name << ": " << written.error_->sentence();
    const memory::Stage all{0, 1, 0, std::int64_t(exact->model().layers.size())};
    const auto stored = memory::weigh(exact->model(), {}, all, platform, {}, memory::Moment::kStored);
    const auto created = memory::weigh(exact->model(), {}, all, platform, {});
    ASSERT_TRUE(stored && created) << name;
    EXPECT_EQ(written.checkpoint.stored, stored->parameters) << name;
    EXPECT_LE(stored->parameters, created->parameters) << name;
    EXPECT_GE(double(stored->parameters.count()), 0.98 * double(created->parameters.count())) << name;
    ++compared;
  }
  EXPECT_GE(compared, 250);
  for (const std::string& architecture : known) EXPECT_TRUE(seen.contains(architecture)) << architecture;
}

TEST(Catalogue, EveryEntryHasTheDateThatItWasRead) {
  const json::Object dates = catalogue_dates();
  const std::vector<std::string> names = catalogue_names();
  EXPECT_EQ(dates.members().size(), names.size());
  for (const std::string& name : names) {
    const json::Value* date = dates.find(name);
    ASSERT_TRUE(date && date->string()) << name;
    EXPECT_EQ(date->string()->size(), std::string_view("2026-11-23").size()) << name;
  }
}

TEST(FromHeaders, ModelsOfAnUnknownClassWeighWhatTheirHeadersSay) {
  int compared = 0;
  for (const std::string& name : catalogue_names()) {
    auto source = catalogue_model(name);
    ASSERT_TRUE(source) << name;
    const auto exact = exact_of(*source);
    if (!exact || exact->model().layer_prefix.empty()) continue;
    const memory::Platform platform = plan::platform_of(exact->deployment);
    Synthesiser written(exact->model(), platform);
    source->weights = std::make_shared<const Checkpoint>(std::move(written.checkpoint));
    arch::BuildOptions options = exact->deployment.build;
    const auto built = arch::build_from_headers(*source, options);
    if (!built) {
      EXPECT_EQ(built.error().code, ErrorCode::kUnsupported) << name << ": " << built.error().sentence();
      continue;
    }
    const memory::Stage all{0, 1, 0, std::int64_t(exact->model().layers.size())};
    const auto by_headers = memory::weigh(*built, {}, all, platform, {});
    const auto by_config = memory::weigh(exact->model(), {}, all, platform, {});
    ASSERT_TRUE(by_headers && by_config) << name;
    EXPECT_EQ(by_headers->parameters, by_config->parameters) << name;
    ++compared;
  }
  EXPECT_GE(compared, 60);
}

/// Qwen3-8B as a class of which nothing is known.
ModelSource unknown_qwen() {
  auto source = catalogue_model("Qwen/Qwen3-8B");
  const auto exact = exact_of(*source);
  Synthesiser written(exact->model(), plan::platform_of(exact->deployment));
  source->weights = std::make_shared<const Checkpoint>(std::move(written.checkpoint));
  source->config.object()->set("architectures", json::Value(json::Array{json::Value("NewForCausalLM")}));
  source->architecture = "NewForCausalLM";
  return *std::move(source);
}

plan::Request request_for(ModelSource source) {
  plan::Request request;
  request.model = std::make_shared<const ModelSource>(std::move(source));
  request.gpu.name = request.gpu.driver_name = "NVIDIA H100 80GB HBM3";
  request.gpu.total = Bytes(85'029'158'912);
  request.gpu.capability = {9, 0};
  return request;
}

TEST(FromHeaders, AReportSaysWhereTheWeightsComeFrom) {
  const auto known = plan::plan(request_for(*catalogue_model("Qwen/Qwen3-8B")));
  const auto report = plan::plan(request_for(unknown_qwen()));
  ASSERT_TRUE(known && report);
  ASSERT_TRUE(report->verdict.fits) << report->verdict.message.value_or("");
  EXPECT_EQ(report->kv->groups.size(), 1u);
  EXPECT_EQ(report->kv->bytes_per_block, known->kv->bytes_per_block);
  EXPECT_NE(report->source.find("weights by"), std::string::npos);
  ASSERT_TRUE(report->checkpoint);
  EXPECT_FALSE(report->checkpoint->derived);
  const auto assumption = std::ranges::find(report->assumptions, "weights_bytes", &plan::Assumption::about);
  ASSERT_NE(assumption, report->assumptions.end());
  EXPECT_NE(assumption->why.find("not modelled"), std::string::npos);

  plan::Request two = request_for(unknown_qwen());
  two.args.set("tensor_parallel_size", json::Value(2));
  const auto divided = plan::plan(two);
  ASSERT_TRUE(divided && divided->verdict.fits);
  EXPECT_NEAR(double(divided->ranks[0].weights.count()), double(report->ranks[0].weights.count()) / 2, 1e6);
}

TEST(FromHeaders, ReportsCompareTheCheckpointWithTheConfig) {
  auto source = catalogue_model("Qwen/Qwen3-8B");
  source->weights = unknown_qwen().weights;
  const auto report = plan::plan(request_for(*source));
  ASSERT_TRUE(report && report->checkpoint && report->checkpoint->derived);
  EXPECT_EQ(report->checkpoint->stored, *report->checkpoint->derived);
  EXPECT_GT(report->checkpoint->tensors, 200);
}

TEST(FromHeaders, ADtypeThatTheConfigLeavesOutIsTheStoredOne) {
  ModelSource source = unknown_qwen();
  source.config.object()->erase("torch_dtype");
  const auto report = plan::plan(request_for(std::move(source)));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->dtype, Dtype::kBfloat16);
}

TEST(FromHeaders, CachesThatAreNotPlainAreRefused) {
  const std::pair<const char*, json::Value> kUnclear[] = {
      {"use_sliding_window", json::Value(true)}, {"kv_lora_rank", json::Value(512)},
      {"mamba_d_state", json::Value(128)},       {"is_encoder_decoder", json::Value(true)},
      {"num_key_value_heads", json::Value(4)},   {"head_dim", json::Value(64)},
      {"num_hidden_layers", json::Value(40)},    {"attention_chunk_size", json::Value(8192)}};
  for (const auto& [key, value] : kUnclear) {
    ModelSource source = unknown_qwen();
    source.config.object()->set(key, value);
    const auto report = plan::plan(request_for(std::move(source)));
    ASSERT_TRUE(report) << key;
    EXPECT_EQ(report->verdict.reason, plan::Reason::kUnsupportedModel) << key;
    EXPECT_NE(report->verdict.message->find("is not modelled"), std::string::npos) << *report->verdict.message;
  }
}

}  // namespace
}  // namespace vram
