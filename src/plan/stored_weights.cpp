#include "plan/stored_weights.h"

#include <algorithm>

#include "arch/build.h"
#include "readers/checkpoint.h"
#include "units/text.h"

namespace vram::plan {
namespace {

/// What a checkpoint of the model would hold, whole.
std::optional<Bytes> derived_bytes(const Exact& exact) {
  const memory::Stage all{0, 1, 0, std::int64_t(exact.model().layers.size())};
  const auto weights =
      memory::weigh(exact.model(), {}, all, platform_of(exact.deployment), {}, memory::Moment::kStored);
  return weights ? std::optional(weights->parameters) : std::nullopt;
}

/// Bytes of embeddings and output head, whole.
Bytes vocabulary_bytes(const Exact& exact) {
  Bytes bytes;
  for (const Part& part : exact.model().parts)
    for (const Module& module : part.modules)
      if (const auto* embedding = std::get_if<Embedding>(&module))
        bytes += Bytes(width(embedding->dtype.value_or(exact.model().dtype))) * embedding->rows * embedding->width;
  return bytes;
}

/// How tensors are dealt out over ranks is not known for a class that is not modelled.
void add_dealing(const Exact& exact, const CheckpointReport& checkpoint, Report& report) {
  const memory::Parallel& parallel = exact.deployment.parallel;
  const Bytes weights = report.fullest().weights;
  std::string span = "each rank holds all of it";
  if (parallel.tensor > 1) {
    const Bytes vocabulary = vocabulary_bytes(exact);
    const Bytes evenly = Bytes(ceil_div(checkpoint.stored.count(), parallel.tensor * parallel.pipeline));
    const Bytes whole = weights + (vocabulary - Bytes(vocabulary.count() / parallel.tensor));
    span =
        "matrices are taken to be divided over tensor parallelism, keys and values head by head, vectors to be whole; "
        "all divided it would be " +
        with_commas(std::min(evenly, weights).count()) + ", with embeddings whole " + with_commas(whole.count());
  }
  report.assumptions.push_back({"weights_bytes", with_commas(weights.count()),
                                "the architecture is not modelled, so weights come from " + checkpoint.origin +
                                    " and the cache from the config's plain attention keys; " + span,
                                "docs/model.md"});
}

void add_comparison(const CheckpointReport& checkpoint, Report& report) {
  const std::int64_t more = checkpoint.stored.count() - checkpoint.derived->count();
  const double share = 100.0 * double(more) / double(std::max<std::int64_t>(checkpoint.derived->count(), 1));
  const std::string value = with_commas(checkpoint.stored.count());
  const std::string derived = "the config leads to expect " + with_commas(checkpoint.derived->count());
  report.assumptions.push_back(
      {"checkpoint_bytes", value,
       "what " + checkpoint.origin + " state" + (checkpoint.origin.ends_with('s') ? "" : "s") + "; " + derived +
           (more == 0 ? ", the same"
                      : ", a difference of " + fixed(share, 3) +
                            " %: tensors that vLLM does not load (MTP layers, a tied head) or makes itself"),
       "docs/model.md"});
}

}  // namespace

void add_checkpoint(const Exact& exact, Report& report) {
  const Checkpoint* weights = exact.deployment.source->weights.get();
  if (!weights) return;
  CheckpointReport checkpoint{weights->origin, weights->tensors, weights->stored, std::nullopt};
  if (arch::is_modelled(exact.model().architecture)) {
    checkpoint.derived = derived_bytes(exact);
    if (checkpoint.derived) add_comparison(checkpoint, report);
  } else {
    report.source += ", weights by " + checkpoint.origin;
    add_dealing(exact, checkpoint, report);
  }
  report.checkpoint = std::move(checkpoint);
}

}  // namespace vram::plan
