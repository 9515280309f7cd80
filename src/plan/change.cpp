#include "plan/change.h"

#include "vllm/launch_words.h"

namespace vram::plan {
namespace {

std::string dashed(std::string name) {
  for (char& c : name)
    if (c == '_') c = '-';
  return name;
}

void add_word(std::string& words, const std::string& more) {
  words += (words.empty() || more.empty() ? "" : " ") + more;
}

}  // namespace

Change with(std::string name, json::Value value) {
  Change change;
  change.args.set(std::move(name), std::move(value));
  return change;
}

Request changed(const Request& request, const Change& change) {
  Request result = request;
  for (const auto& [name, value] : change.args.members()) {
    if (value.is_null())
      result.args.erase(name);
    else
      result.args.set(name, value);
  }
  if (change.model) result.model = change.model;
  if (change.gpu) {
    result.gpu = *change.gpu;
    result.unlike.clear();
  }
  if (change.alone) result.gpu.free.reset();
  return result;
}

json::Object merge_patch_of(const Change& change) {
  json::Object patch;
  if (change.model) {
    // Whichever way the request gave its model, the name takes its place.
    json::Object model;
    model.set("source", json::Value(change.model->name));
    model.set("config", json::Value());
    model.set("name", json::Value());
    patch.set("model", json::Value(std::move(model)));
  }
  if (change.gpu) {
    json::Object gpu;
    gpu.set("name", json::Value(change.gpu->id));
    for (const char* own : {"total_bytes", "free_bytes", "compute_capability"}) gpu.set(own, json::Value());
    patch.set("gpu", json::Value(std::move(gpu)));
  }
  if (const auto& same = change.alone) {
    json::Object gpu;
    gpu.set("name", json::Value(same->id.empty() ? same->name : same->id));
    gpu.set("total_bytes", json::Value(same->total.count()));
    gpu.set("compute_capability", json::Value(same->capability.text()));
    gpu.set("free_bytes", json::Value());
    patch.set("gpu", json::Value(std::move(gpu)));
  }
  if (!change.args.members().empty()) patch.set("args", json::Value(change.args));
  return patch;
}

std::string typed(const Change& change) {
  std::string words;
  if (change.model) words = change.model->name;
  add_word(words, vllm::shell_line(vllm::launch_words(change.args)));
  // Taking an argument away needs no words where a model that brings its own settings takes the place.
  for (const auto& [name, value] : change.args.members())
    if (value.is_null() && !change.model) add_word(words, "without --" + dashed(name));
  if (change.gpu) add_word(words, "--gpu " + change.gpu->id);
  if (change.alone) add_word(words, "nothing else on the GPU");
  return words;
}

}  // namespace vram::plan
