#include "report/inspect_text.h"

#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t size : shape) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

}  // namespace

std::string inspect_text(const plan::Exact& exact, std::size_t stage, std::span<const plan::InspectedTensor> tensors,
                         int width) {
  const memory::Weights& weights = exact.placed->weights[stage];
  std::string out = exact.model().architecture + ", " + with_commas(weights.elements) + " elements of parameters, " +
                    with_commas(weights.total().count()) + " bytes on this rank\n\n";
  static constexpr Column kColumns[] = {{"tensor", false, 0}, {"bytes", true, 0},  {"count", true, 0},
                                        {"shape", false, 0},  {"dtype", false, 0}, {"division", false, 0}};
  std::vector<std::vector<std::string>> rows;
  for (const plan::InspectedTensor& tensor : tensors)
    rows.push_back({tensor.name, with_commas(tensor.bytes.count()), std::to_string(tensor.count),
                    shape_text(tensor.shape), std::string(name(tensor.dtype)), tensor.sharding});
  return out + table(kColumns, rows, std::max(width, 120));
}

json::Value inspect_json(const plan::Exact& exact, std::size_t stage, std::span<const plan::InspectedTensor> tensors) {
  json::Object object;
  object.set("name", json::Value(exact.model().name));
  object.set("architecture", json::Value(exact.model().architecture));
  object.set("parameters", json::Value(exact.placed->weights[stage].elements));
  object.set("weights_bytes", json::Value(exact.placed->weights[stage].total().count()));
  object.set("source", json::Value("config.json"));
  json::Array blocks;
  for (const plan::InspectedTensor& tensor : tensors) {
    json::Object block;
    block.set("name", json::Value(tensor.name));
    block.set("count", json::Value(tensor.count));
    json::Array shape;
    for (const std::int64_t size : tensor.shape) shape.push_back(json::Value(size));
    block.set("shape", json::Value(std::move(shape)));
    block.set("dtype", json::Value(name(tensor.dtype)));
    block.set("sharding", json::Value(tensor.sharding));
    block.set("bytes", json::Value(tensor.bytes.count()));
    blocks.push_back(json::Value(std::move(block)));
  }
  object.set("blocks", json::Value(std::move(blocks)));
  return json::Value(std::move(object));
}

}  // namespace vram::report
