#include "report/gguf_text.h"

#include <algorithm>
#include <vector>

#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

std::int64_t parameters(const gguf::File& file) {
  std::int64_t sum = 0;
  for (const gguf::Tensor& tensor : file.tensors) sum = saturated(Wide(sum) + tensor.elements());
  return sum;
}

Bytes weights(const gguf::File& file) {
  Bytes sum;
  for (const gguf::Tensor& tensor : file.tensors) sum += tensor.bytes;
  return sum;
}

/// "blk.12.attn_k.weight" -> "blk.*.attn_k.weight".
std::string without_layer(const std::string& name) {
  const std::size_t first = name.find_first_of("0123456789");
  if (first == std::string::npos || first == 0 || name[first - 1] != '.') return name;
  const std::size_t end = std::min(name.find_first_not_of("0123456789", first), name.size());
  return end < name.size() && name[end] == '.' ? name.substr(0, first) + '*' + name.substr(end) : name;
}

std::string shape_text(const gguf::Tensor& tensor) {
  std::string text;
  for (int i = 0; i < tensor.dimensions; ++i)
    text += (text.empty() ? "" : " x ") + std::to_string(tensor.shape[std::size_t(i)]);
  return text;
}

struct Row {
  const gguf::Tensor* like;
  std::string name, shape;
  std::int64_t count = 0;
  Bytes bytes;
};

std::vector<Row> grouped(const gguf::File& file) {
  std::vector<Row> rows;
  for (const gguf::Tensor& tensor : file.tensors) {
    const std::string name = without_layer(tensor.name), shape = shape_text(tensor);
    auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& each) {
      return each.name == name && each.shape == shape && each.like->type == tensor.type;
    });
    if (row == rows.end()) row = rows.insert(rows.end(), {&tensor, name, shape, 0, Bytes(0)});
    ++row->count;
    row->bytes += tensor.bytes;
  }
  return rows;
}

json::Value tensor_json(const gguf::Tensor& tensor) {
  json::Array shape;
  for (int i = 0; i < tensor.dimensions; ++i) shape.push_back(json::Value(tensor.shape[std::size_t(i)]));
  json::Object block;
  block.set("name", json::Value(tensor.name));
  block.set("count", json::Value(1));
  block.set("shape", json::Value(std::move(shape)));
  block.set("dtype", json::Value(tensor.type->name));
  block.set("sharding", json::Value("whole"));
  block.set("bytes", json::Value(tensor.bytes.count()));
  block.set("part", json::Value(tensor.part));
  block.set("offset_bytes", json::Value(tensor.offset.count()));
  return json::Value(std::move(block));
}

json::Value metadata_json(const gguf::File& file) {
  json::Object metadata;
  for (const gguf::Field& field : file.fields) {
    if (!field.length || !field.value.is_null()) {
      metadata.set(field.key, field.value);
      continue;
    }
    json::Object list;
    list.set("length", json::Value(std::int64_t(*field.length)));
    metadata.set(field.key, json::Value(std::move(list)));
  }
  return json::Value(std::move(metadata));
}

}  // namespace

std::string gguf_text(const gguf::File& file, const std::string& name, int width) {
  std::string out = name + ", GGUF " + std::to_string(file.version) + ", " + file.text("general.architecture") + ", " +
                    with_commas(parameters(file)) + " parameters, " + with_commas(weights(file).count()) + " bytes\n\n";
  static constexpr Column kColumns[] = {{"tensor"}, {"bytes", true}, {"count", true}, {"shape"}, {"type"}};
  std::vector<std::vector<std::string>> rows;
  for (const Row& row : grouped(file))
    rows.push_back({row.name, with_commas(row.bytes.count()), std::to_string(row.count), row.shape,
                    std::string(row.like->type->name)});
  return out + table(kColumns, rows, width);
}

json::Value gguf_json(const gguf::File& file, const std::string& name) {
  json::Object object;
  object.set("name", json::Value(name));
  object.set("architecture", json::Value(file.text("general.architecture")));
  object.set("parameters", json::Value(parameters(file)));
  object.set("weights_bytes", json::Value(weights(file).count()));
  object.set("source", json::Value("GGUF " + std::to_string(file.version)));
  object.set("data_begin_bytes", json::Value(file.data_begin.count()));
  object.set("alignment_bytes", json::Value(file.alignment.count()));
  object.set("metadata", metadata_json(file));
  json::Array blocks;
  for (const gguf::Tensor& tensor : file.tensors) blocks.push_back(tensor_json(tensor));
  object.set("blocks", json::Value(std::move(blocks)));
  return json::Value(std::move(object));
}

}  // namespace vram::report
