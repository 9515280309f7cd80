#include "io/hub_gguf.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "io/gguf_file.h"
#include "io/hub_api.h"
#include "io/hub_cache.h"
#include "json/write.h"
#include "readers/gguf_choice.h"
#include "units/text.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kFirst(1 * kMiB), kStep(4 * kMiB);  // a vocabulary of 150,000 words takes some 6 MiB
constexpr Bytes kMost(64 * kMiB);                   // of one file
constexpr Bytes kMostTogether(256 * kMiB);
constexpr std::size_t kMostParts = 1024;
constexpr std::string_view kList = "files";  // how our own cache calls the list of a commit's files

/// A file, as far as it has been fetched.
struct Front {
  std::string name;
  std::string text;
  std::optional<Bytes> size;  // of the whole file
  std::optional<gguf::File> file;
};

bool is_path(std::string_view text) {
  for (std::string_view rest = text;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part.front() == '.' || part.find_first_of("\\@:?#") != std::string_view::npos) return false;
    if (std::ranges::any_of(part, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) return false;
    if (part.size() == rest.size()) return true;
    rest.remove_prefix(part.size() + 1);
  }
}

bool is_tag(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  return text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
                  c == '.';
         });
}

class GgufReader {
 public:
  GgufReader(const GgufName& name, const HubSettings& settings, bool projector, const HttpProgress& progress)
      : name_(name), settings_(settings), projector_(projector), progress_(progress), cache_(settings, name.hub) {}

  /// What this machine has of it; nothing where that is not all.
  std::optional<Result<HubGguf>> kept();
  Result<HubGguf> fetched();

 private:
  [[nodiscard]] std::string shown() const { return name_.hub.id + '@' + commit_.substr(0, 12); }
  std::optional<Error> choose(std::span<const std::string> files);
  [[nodiscard]] Error none_of(std::span<const std::string> files) const;
  [[nodiscard]] std::vector<std::string> known_files() const;
  std::optional<Error> take_kept();
  std::optional<Error> fetch_fronts(Http& http);
  std::optional<Error> take(Front& front, Result<HttpAnswer>& answer) const;
  std::optional<Error> read(Front& front) const;
  Result<HubGguf> whole();

  const GgufName& name_;
  const HubSettings& settings_;
  bool projector_;
  const HttpProgress& progress_;
  HubCache cache_;
  std::string commit_, key_;
  std::vector<Front> fronts_;  // the model's parts in order, then its projector
  bool has_projector_ = false;
};

Error GgufReader::none_of(std::span<const std::string> files) const {
  const std::string place = "model \"" + name_.hub.id + '"';
  std::vector<std::string> tags = gguf::model_tags(files);
  if (tags.empty())
    return {ErrorCode::kNotFound, place, "it has no GGUF file of a model",
            "by its name alone it is planned as vLLM serves it"};
  constexpr std::size_t kMostTold = 20;
  if (tags.size() > kMostTold) tags.resize(kMostTold);
  const std::vector<std::string_view> told(tags.begin(), tags.end());
  const std::string asked = name_.file.empty() ? "GGUF file of \"" + name_.tag + '"' : '"' + name_.file + '"';
  return {ErrorCode::kNotFound, place, "it has no " + asked, "behind the colon may stand " + one_of(told)};
}

/// The files to read: all parts of the model, and its projector.
std::optional<Error> GgufReader::choose(std::span<const std::string> files) {
  const auto same = [&](const std::string& file) { return lower(file) == lower(name_.file); };
  const auto named = std::ranges::find_if(files, same);
  auto model = name_.file.empty()     ? gguf::choose_model(files, name_.tag)
               : named == files.end() ? std::nullopt
                                      : std::optional(*named);
  if (!model) return none_of(files);
  const std::size_t slash = model->rfind('/') + 1;
  std::vector<std::string> parts = gguf::part_names(model->substr(slash));
  if (parts.size() > kMostParts)
    return Error{ErrorCode::kTooLarge, shown() + '/' + *model, "it has more parts than are read", ""};
  for (std::string& part : parts) part.insert(0, *model, 0, slash);
  if (parts.empty()) parts = {*model};
  const auto projector = projector_ ? gguf::choose_projector(files, *model) : std::nullopt;
  has_projector_ = projector.has_value();
  if (projector) parts.push_back(*projector);
  fronts_.clear();
  for (std::string& part : parts) fronts_.push_back({std::move(part), {}, {}, {}});
  return std::nullopt;
}

/// Reads what is there of a file; leaves it unread where that ends too early.
std::optional<Error> GgufReader::read(Front& front) const {
  auto file = gguf::read_gguf(std::as_bytes(std::span(front.text)), *front.size, shown() + '/' + front.name);
  if (!file) return file.error();
  front.file = *std::move(file);
  return std::nullopt;
}

/// Whole files of the hub's cache, and beginnings that an earlier run fetched.
std::optional<Error> GgufReader::take_kept() {
  for (Front& front : fronts_) {
    std::error_code ignored;
    const std::string path = cache_.snapshot(commit_) + '/' + front.name;
    if (fs::is_regular_file(path, ignored)) {
      auto file = load_gguf_file(path);
      if (!file) return file.error();
      front.file = *std::move(file);
      continue;
    }
    const auto text = cache_.kept(key_, front.name);
    const std::size_t line = text ? text->find('\n') : std::string::npos;
    const auto size = line < 20 ? read_integer(std::string_view(*text).substr(0, line)) : std::nullopt;
    if (!size || *size < 0) continue;
    front.text = text->substr(line + 1);
    front.size = Bytes(*size);
    if (read(front)) front.size = std::nullopt;  // damaged: it is fetched again
    front.text = {};
  }
  return std::nullopt;
}

/// The files of the model: as the hub listed them, else, where it must not be asked, those that lie in its cache.
std::vector<std::string> GgufReader::known_files() const {
  std::vector<std::string> files;
  if (const auto text = cache_.kept(key_, kList)) {
    const auto list = json::parse(*text, "the cache");
    if (list && list->array())
      for (const json::Value& each : *list->array())
        if (each.string()) files.push_back(*each.string());
    return files;
  }
  if (!settings_.offline) return files;
  std::error_code problem;
  const fs::path folder = cache_.snapshot(commit_);
  for (fs::recursive_directory_iterator entry(folder, problem), end; !problem && entry != end; entry.increment(problem))
    if (entry->path().extension() == ".gguf")
      files.push_back(entry->path().lexically_relative(folder).generic_string());
  std::ranges::sort(files);
  return files;
}

std::optional<Result<HubGguf>> GgufReader::kept() {
  const auto commit = cache_.commit();
  if (!commit) return std::nullopt;
  commit_ = *commit;
  key_ = cache_.key(commit_);
  if (auto error = choose(known_files()))
    return settings_.offline ? std::optional(Result<HubGguf>(*std::move(error))) : std::nullopt;
  if (auto error = take_kept()) return Result<HubGguf>(*std::move(error));
  if (!std::ranges::all_of(fronts_, [](const Front& front) { return front.file.has_value(); })) return std::nullopt;
  return whole();
}

/// Appends an answer to what is there of the file.
std::optional<Error> GgufReader::take(Front& front, Result<HttpAnswer>& answer) const {
  if (!answer) return answer.error();
  if (auto error = refusal(settings_, name_.hub, *answer)) return error;
  const std::string place = shown() + '/' + front.name;
  const auto size = answer->status == 206 ? answered_size(*answer, std::int64_t(front.text.size()))
                                          : Result<std::optional<Bytes>>(std::optional<Bytes>());
  if (!size) return size.error();
  if (!*size)
    return Error{ErrorCode::kUnavailable, place, "the hub does not answer with a part of the file and its size",
                 "is a proxy or a mirror in between that does not know ranges?"};
  if (front.size && *front.size != **size)
    return Error{ErrorCode::kUnavailable, place, "it changed while it was read", "try again"};
  front.size = **size;
  if (answer->body.empty() && Bytes(std::int64_t(front.text.size())) < *front.size)
    return Error{ErrorCode::kUnavailable, place, "the hub sends nothing of it", "try again"};
  front.text += answer->body;
  if (auto error = read(front)) return error;
  if (!front.file) return std::nullopt;
  front.text.resize(std::min(front.text.size(), std::size_t(front.file->data_begin.count())));
  cache_.keep(key_, front.name, std::to_string(front.size->count()) + '\n' + front.text);
  front.text = {};
  return std::nullopt;
}

/// Fetches more of every file whose table is not whole, until all are.
std::optional<Error> GgufReader::fetch_fronts(Http& http) {
  for (;;) {
    std::vector<Front*> lacking;
    std::vector<HttpRequest> requests;
    Bytes together;
    for (Front& front : fronts_) {
      const auto held = std::int64_t(front.text.size());
      together += Bytes(held);
      if (front.file) continue;
      if (Bytes(held) >= kMost || together >= kMostTogether)
        return Error{ErrorCode::kTooLarge, shown() + '/' + front.name, "its header has more than 64 MiB", ""};
      HttpRequest request = file_request(settings_, name_.hub, commit_, front.name);
      request.first = held;
      request.most = held == 0 ? kFirst : kStep;
      request.last = held + request.most.count() - 1;
      request.enough_at_most = true;
      requests.push_back(std::move(request));
      lacking.push_back(&front);
    }
    if (lacking.empty()) return std::nullopt;
    std::vector<Result<HttpAnswer>> answers = http.fetch(requests, progress_);
    std::optional<Error> first;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      auto error = take(*lacking[i], answers[i]);
      if (error && !first) first = std::move(error);
    }
    if (first) return first;
  }
}

Result<HubGguf> GgufReader::whole() {
  HubGguf found;
  if (has_projector_) {
    found.projector = std::move(fronts_.back().file);
    fronts_.pop_back();
  }
  std::vector<gguf::File> parts;
  for (Front& front : fronts_) parts.push_back(*std::move(front.file));
  auto model = gguf::joined(std::move(parts), shown() + '/' + fronts_.front().name);
  if (!model) return model.error();
  found.model = *std::move(model);
  return found;
}

Result<HubGguf> GgufReader::fetched() {
  const auto http = Http::open(settings_.http);
  if (!http) return http.error();
  const auto model = ask_for_model(**http, settings_, name_.hub);
  if (!model) return model.error();
  commit_ = model->commit;
  key_ = model->key;
  if (auto error = choose(model->files)) return *std::move(error);
  if (auto error = take_kept()) return *std::move(error);
  if (auto error = fetch_fronts(**http)) return *std::move(error);
  const json::Array list(model->files.begin(), model->files.end());
  cache_.keep(key_, kList, json::write_line(json::Value(list)));
  cache_.keep_commit(commit_, key_);
  return whole();
}

}  // namespace

std::optional<GgufName> read_gguf_name(std::string_view typed) {
  const std::size_t slash = typed.find('/'), next = typed.find('/', slash + 1), colon = typed.find(':');
  if (slash == std::string_view::npos || typed.find("://") != std::string_view::npos) return std::nullopt;
  GgufName name;
  std::string_view hub = typed.substr(0, colon);
  if (colon != std::string_view::npos) {
    name.tag = typed.substr(colon + 1);
    if (!is_tag(name.tag)) return std::nullopt;
  } else {
    // A revision may have slashes itself; a file begins behind the second one all the same.
    if (next == std::string_view::npos || !typed.ends_with(".gguf")) return std::nullopt;
    hub = typed.substr(0, next);
    name.file = typed.substr(next + 1);
    if (!is_path(name.file)) return std::nullopt;
  }
  auto read = read_hub_name(hub);
  if (!read) return std::nullopt;
  name.hub = *std::move(read);
  return name;
}

Result<HubGguf> hub_gguf(const GgufName& name, const HubSettings& settings, bool projector,
                         const HttpProgress& progress) {
  if (settings.cached_first || settings.offline)
    if (auto kept = GgufReader(name, settings, projector, progress).kept()) return *std::move(kept);
  if (settings.offline)
    return Error{ErrorCode::kNotFound, "model \"" + name.hub.id + '"', "it is not in the hub's cache on this machine",
                 "HF_HUB_OFFLINE keeps from asking the hub; give a .gguf file"};
  return GgufReader(name, settings, projector, progress).fetched();
}

}  // namespace vram::io
