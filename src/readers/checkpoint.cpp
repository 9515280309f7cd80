#include "readers/checkpoint.h"

#include "json/write.h"
#include "units/text.h"

namespace vram {

std::optional<Error> Checkpoint::add(std::string header, std::optional<Bytes> file, std::string_view place,
                                     TensorPlaces places) {
  const std::string& text = texts_.emplace_back(std::move(header));
  auto read = read_safetensors_header(text, place, places);
  if (!read) return read.error();
  if (file)
    if (auto error = check_file_size(*read, Bytes(std::int64_t(text.size())), *file, place)) return error;
  for (const StoredTensor& tensor : read->tensors) {
    by_type[std::size_t(tensor.type)] += tensor.bytes;
    stored += tensor.bytes;
  }
  tensors += std::int64_t(read->tensors.size());
  files.push_back(*std::move(read));
  return std::nullopt;
}

std::optional<Checkpoint> total_of(const WeightsIndex& index) {
  if (!index.total_size) return std::nullopt;
  Checkpoint checkpoint;
  checkpoint.stored = *index.total_size;
  checkpoint.origin = "the index's total_size";
  return checkpoint;
}

std::string headers_of(std::size_t files) {
  return files == 1 ? "the header of 1 file" : "the headers of " + with_commas(std::int64_t(files)) + " files";
}

json::Value weights_member(const Checkpoint& checkpoint, std::size_t most) {
  std::size_t length = 0;
  for (const std::string& text : checkpoint.texts()) length += text.size();
  json::Array headers;
  if (length <= most)
    for (const std::string& text : checkpoint.texts())
      if (auto header = json::parse(text, "header")) headers.push_back(*std::move(header));
  if (!headers.empty() && headers.size() == checkpoint.texts().size()) return json::Value(std::move(headers));
  json::Object total, names, index;
  total.set("total_size", json::Value(checkpoint.stored.count()));
  names.set("weights", json::Value("weights"));
  index.set("metadata", json::Value(std::move(total)));
  index.set("weight_map", json::Value(std::move(names)));
  return json::Value(std::move(index));
}

Result<Checkpoint> read_weights_member(const json::Value& value, std::string_view place) {
  Checkpoint checkpoint;
  if (value.find("weight_map")) {
    auto index = read_weights_index(json::write_line(value), place);
    if (!index) return index.error();
    auto total = total_of(*index);
    if (!total)
      return Error{ErrorCode::kBadInput, std::string(place), "its \"metadata\" has no \"total_size\"",
                   "give the headers of the files instead"};
    return *std::move(total);
  }
  const json::Array one = {value};
  const json::Array& headers = value.array() ? *value.array() : one;
  for (const json::Value& header : headers) {
    if (!header.object())
      return Error{ErrorCode::kBadInput, std::string(place), "expected an object, found " + json::describe(header),
                   "give the JSON of a safetensors header, a list of them, or model.safetensors.index.json"};
    if (auto error = checkpoint.add(json::write_line(header), std::nullopt, place, TensorPlaces::kIgnored))
      return *std::move(error);
  }
  if (checkpoint.tensors == 0)
    return Error{ErrorCode::kBadInput, std::string(place), "it names no tensor",
                 "give the JSON of a safetensors header, a list of them, or model.safetensors.index.json"};
  checkpoint.origin = headers_of(checkpoint.files.size());
  return checkpoint;
}

}  // namespace vram
