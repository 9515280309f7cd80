#include "io/hub.h"

#include <algorithm>
#include <filesystem>
#include <span>

#include "io/checkpoint_files.h"
#include "io/files.h"
#include "io/hub_api.h"
#include "io/hub_cache.h"
#include "io/model_folder.h"
#include "readers/checkpoint.h"
#include "readers/gguf_choice.h"
#include "readers/model_files.h"
#include "units/text.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = "model.safetensors.index.json";
constexpr std::string_view kTorchIndex = "pytorch_model.bin.index.json";
constexpr std::size_t kMostShards = 4096;
constexpr Bytes kMostHeaders(512 * kMiB);  // of all files together

/// A file of weights, as far as it has been fetched: prefix and header.
struct Shard {
  std::string name;
  std::int64_t guess = 0;  // bytes that should be enough
  std::string front;
  std::optional<Bytes> file;

  [[nodiscard]] Result<Bytes> length() const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(front.data());
    return safetensors_header_length({bytes, front.size()}, file, name);
  }
};

class HubReader {
 public:
  HubReader(const HubName& name, const HubSettings& settings, const HttpProgress& progress)
      : name_(name), settings_(settings), progress_(progress), cache_(settings, name) {}

  Result<ModelSource> cached(const std::string& folder, std::string_view commit);
  Result<ModelSource> fetched();

 private:
  using Weights = Result<std::shared_ptr<const Checkpoint>>;

  [[nodiscard]] std::string shown() const { return name_.id + '@' + commit_.substr(0, 12); }
  std::optional<Error> fetch_files(const HubModel& model, const std::vector<std::string>& wanted);
  std::optional<Error> choose_shards(const HubModel& model);
  std::optional<Error> fetch_shards(std::span<Shard* const> shards, bool rest);
  [[nodiscard]] HttpRequest part_request(const Shard& shard, bool rest) const;
  void keep_whole(Shard& shard) const;
  std::optional<Error> take_part(Shard& shard, Result<HttpAnswer>& answer, bool rest);
  Weights weights(const HubModel& model);
  [[nodiscard]] Weights totals() const;
  [[nodiscard]] Error with_gguf(Error error, const HubModel& model) const;

  const HubName& name_;
  const HubSettings& settings_;
  const HttpProgress& progress_;
  HubCache cache_;
  std::unique_ptr<Http> http_;
  std::string commit_, key_;
  ModelFiles files_;  // texts, indexes included
  std::vector<Shard> shards_;
};

/// Fetches those of `wanted` that the model has; each is in the cache afterwards, where it can be written.
std::optional<Error> HubReader::fetch_files(const HubModel& model, const std::vector<std::string>& wanted) {
  std::vector<std::string> names;
  std::vector<HttpRequest> requests;
  for (const std::string& file : wanted) {
    if (std::ranges::find(model.files, file) == model.files.end()) continue;
    constexpr Bytes kMostCached(64 * kMiB);
    // A branch's files are not those of another day.
    auto kept = settings_.kind == HubKind::kHuggingFace ? read_file(cache_.snapshot(commit_) + '/' + file, kMostCached)
                                                        : Result<std::string>(Error{});
    if (kept) {
      files_.insert_or_assign(file, *std::move(kept));
      continue;
    }
    names.push_back(file);
    requests.push_back(file_request(settings_, name_, commit_, file));
  }
  std::vector<Result<HttpAnswer>> answers = http_->fetch(requests, progress_);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (!answers[i]) return answers[i].error();
    if (auto error = refusal(settings_, name_, *answers[i])) return error;
    std::string_view etag = answers[i]->header("x-linked-etag");
    if (etag.empty()) etag = answers[i]->header("etag");
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    while (etag.starts_with('"')) etag.remove_prefix(1);
    while (etag.ends_with('"')) etag.remove_suffix(1);
    cache_.keep_file(commit_, names[i], etag, answers[i]->body);
    files_.insert_or_assign(names[i], std::move(answers[i]->body));
  }
  return std::nullopt;
}

/// The files of weights: those of the index, or all.
std::optional<Error> HubReader::choose_shards(const HubModel& model) {
  constexpr std::int64_t kLeast = std::int64_t{1} << 16, kMost = std::int64_t{1} << 20;
  constexpr std::int64_t kAroundName = 110;  // dtype, shape and data_offsets of a tensor
  const auto index = files_.find(kIndex);
  if (index == files_.end()) {
    for (std::string& name : weight_files(model.files)) shards_.push_back({std::move(name), kLeast, {}, {}});
  } else {
    const auto read = read_weights_index(index->second, shown() + '/' + std::string(kIndex));
    if (!read) return read.error();
    for (const WeightsIndex::File& file : read->files)
      shards_.push_back(
          {file.name, std::clamp(file.letters + file.tensors * kAroundName + 4096, kLeast, kMost), {}, {}});
  }
  if (shards_.size() <= kMostShards) return std::nullopt;
  return Error{ErrorCode::kTooLarge, shown(),
               "its weights are in " + with_commas(std::int64_t(shards_.size())) + " files", "more than are read"};
}

std::optional<Error> HubReader::take_part(Shard& shard, Result<HttpAnswer>& answer, bool rest) {
  if (!answer) return answer.error();
  if (auto error = refusal(settings_, name_, *answer)) return error;
  if (answer->status == 206) {
    const auto size = answered_size(*answer, rest ? std::int64_t(shard.front.size()) : 0);
    if (!size) return size.error();
    shard.file = *size;
  } else if (rest) {
    shard.front.clear();  // the whole file from its beginning, as far as it was wanted
  }
  shard.front += answer->body;
  return std::nullopt;
}

/// Keeps a header that is all there for the next run.
void HubReader::keep_whole(Shard& shard) const {
  const auto length = shard.length();
  const std::size_t end = kSafetensorsPrefix + (length ? std::size_t(length->count()) : 0);
  if (!length || shard.front.size() < end) return;
  shard.front.resize(end);
  cache_.keep_header(key_, shard.name, shard.front);
}

/// Fetches the fronts of `shards`, or what their headers still lack. Each is kept as it comes, so that a run that is
/// broken off has what it had.
std::optional<Error> HubReader::fetch_shards(std::span<Shard* const> shards, bool rest) {
  if (shards.empty()) return std::nullopt;  // of a model that is all here nothing is opened
  std::vector<HttpRequest> requests;
  for (const Shard* shard : shards) requests.push_back(part_request(*shard, rest));
  std::optional<Error> first;
  std::size_t done = 0;
  http_->fetch_each(requests, [&](std::size_t place, Result<HttpAnswer> answer) {
    auto error = take_part(*shards[place], answer, rest);
    if (!error) keep_whole(*shards[place]);
    if (error && !first) first = std::move(error);
    if (progress_) progress_(++done, shards.size());
    return !first;
  });
  return first;
}

HttpRequest HubReader::part_request(const Shard& shard, bool rest) const {
  HttpRequest request = file_request(settings_, name_, commit_, shard.name);
  const std::int64_t end = rest ? std::int64_t(kSafetensorsPrefix) + shard.length()->count() : shard.guess;
  request.first = rest ? std::int64_t(shard.front.size()) : 0;
  request.last = end - 1;
  request.most = Bytes(end);  // also where the whole file comes instead of the part
  request.enough_at_most = true;
  return request;
}

HubReader::Weights HubReader::totals() const {
  const auto index = files_.find(kTorchIndex);
  if (index == files_.end()) return std::shared_ptr<const Checkpoint>();
  const auto read = read_weights_index(index->second, shown() + '/' + std::string(kTorchIndex));
  if (!read) return read.error();
  auto total = total_of(*read);
  if (!total) return std::shared_ptr<const Checkpoint>();
  return std::make_shared<const Checkpoint>(*std::move(total));
}

HubReader::Weights HubReader::weights(const HubModel& model) {
  if (auto error = choose_shards(model)) return *std::move(error);
  if (shards_.empty()) return totals();
  std::vector<Shard*> wanted, longer;
  for (Shard& shard : shards_) {
    if (auto kept = cache_.header(key_, shard.name)) shard.front = *std::move(kept);
    if (shard.front.size() < kSafetensorsPrefix) wanted.push_back(&shard);
  }
  if (auto error = fetch_shards(wanted, false)) return *std::move(error);
  Bytes total;
  for (Shard& shard : shards_) {
    const auto length = shard.length();
    if (!length) return length.error();
    total += *length;
    if (total > kMostHeaders)
      return Error{ErrorCode::kTooLarge, shown(), "the headers of its weights are over 512 MiB", ""};
    if (std::int64_t(shard.front.size() - kSafetensorsPrefix) < length->count()) longer.push_back(&shard);
  }
  if (auto error = fetch_shards(longer, true)) return *std::move(error);
  Checkpoint checkpoint;
  for (Shard& shard : shards_) {
    const std::size_t end = kSafetensorsPrefix + std::size_t(shard.length()->count());
    const std::string place = shown() + '/' + shard.name;
    if (shard.front.size() < end)
      return Error{ErrorCode::kUnavailable, place, "the hub sends less of its header than was asked for", "try again"};
    shard.front.resize(end);
    if (auto error = checkpoint.add(shard.front.substr(kSafetensorsPrefix), shard.file, place)) {
      cache_.drop_header(key_, shard.name);
      return *std::move(error);
    }
  }
  checkpoint.origin = headers_of(checkpoint.files.size());
  return std::make_shared<const Checkpoint>(std::move(checkpoint));
}

/// A model without a config may have GGUF files, which are asked for by another name.
Error HubReader::with_gguf(Error error, const HubModel& model) const {
  const std::vector<std::string> tags = gguf::model_tags(model.files);
  if (error.code == ErrorCode::kNotFound && !tags.empty())
    error.hint = "its GGUF files are named as \"" + name_.id + ':' + tags.front() + '"';
  return error;
}

Result<ModelSource> HubReader::fetched() {
  auto http = Http::open(settings_.http);
  if (!http) return http.error();
  http_ = *std::move(http);
  const auto model = ask_for_model(*http_, settings_, name_);
  if (!model) return model.error();
  commit_ = model->commit;
  key_ = model->key;

  std::vector<std::string> wanted(kModelFiles.begin(), kModelFiles.end());
  const bool indexed = std::ranges::find(model->files, kIndex) != model->files.end();
  wanted.emplace_back(indexed ? kIndex : kTorchIndex);
  if (auto error = fetch_files(*model, wanted)) return *std::move(error);
  auto source = read_model_files(files_, name_.id, shown());
  if (!source) return with_gguf(source.error(), *model);
  auto weights = this->weights(*model);
  if (!weights) return weights.error();
  source->weights = *std::move(weights);
  source->without_weights = !source->weights || !source->weights->has_headers();
  cache_.keep_commit(commit_, key_);
  return source;
}

/// What a folder of the cache holds; its weights by their own headers, or by those that were fetched before.
Result<ModelSource> HubReader::cached(const std::string& folder, std::string_view commit) {
  commit_ = commit;
  key_ = cache_.key(commit);
  auto files = read_model_folder(folder);
  if (!files) return files.error();
  auto source = read_model_files(*files, name_.id, shown());
  if (!source) return source;
  auto weights = read_checkpoint(folder);
  if (weights && *weights && (*weights)->has_headers()) {
    source->weights = *std::move(weights);
    return source;
  }
  HubModel model;
  constexpr Bytes kMostIndex(64 * kMiB);
  if (auto index = read_file(folder + '/' + std::string(kIndex), kMostIndex))
    files_.emplace(kIndex, *std::move(index));
  else
    model.files = {"model.safetensors"};
  if (auto error = choose_shards(model)) return *std::move(error);
  const bool all =
      std::ranges::all_of(shards_, [&](const Shard& shard) { return cache_.header(key_, shard.name).has_value(); });
  if (all) {
    shards_.clear();
    if (auto kept = this->weights(model)) source->weights = *std::move(kept);
  } else if (weights) {
    source->weights = *std::move(weights);
  }
  return source;
}

}  // namespace

namespace {

/// The folder of this machine that holds the model, and its commit.
std::optional<std::pair<std::string, std::string>> kept_folder(const HubName& name, const HubSettings& settings) {
  std::error_code ignored;
  const HubCache cache(settings, name);
  const auto commit = cache.commit();
  if (!commit || !fs::is_directory(cache.snapshot(*commit), ignored)) return std::nullopt;
  return std::pair(cache.snapshot(*commit), *commit);
}

}  // namespace

Result<ModelSource> hub_model(const HubName& name, const HubSettings& settings, const HttpProgress& progress) {
  std::optional<Result<ModelSource>> kept;
  if (settings.cached_first || settings.offline)
    if (const auto found = kept_folder(name, settings))
      kept = HubReader(name, settings, progress).cached(found->first, found->second);
  if (kept && *kept && (**kept).weights && (**kept).weights->has_headers()) return *std::move(kept);
  if (settings.offline) {
    if (kept && (*kept || kept->error().code != ErrorCode::kNotFound)) return *std::move(kept);
    return Error{ErrorCode::kNotFound, "model \"" + name.id + '"', "it is not in the hub's cache on this machine",
                 "HF_HUB_OFFLINE keeps from asking the hub; give a folder with its config.json"};
  }
  auto fetched = HubReader(name, settings, progress).fetched();
  // A config at hand is worth more than the sentence that the hub is out of reach.
  if (!fetched && fetched.error().code == ErrorCode::kUnavailable && kept && *kept) return *std::move(kept);
  return fetched;
}

}  // namespace vram::io
