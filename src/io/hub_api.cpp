#include "io/hub_api.h"

#include "io/hub_cache.h"
#include "json/fields.h"
#include "units/fingerprint.h"
#include "units/text.h"

namespace vram::io {
namespace {

constexpr Bytes kMostList(32 * kMiB);
constexpr std::size_t kMostFiles = 20'000;

/// For a place in a url: all but what needs no escape there.
std::string escaped(std::string_view text, std::string_view kept) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain || std::string_view("-._~").find(c) != std::string_view::npos || kept.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    constexpr const char* kDigits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

HttpRequest request(const HubSettings& settings, std::string url, Bytes most) {
  HttpRequest made;
  made.url = std::move(url);
  if (!settings.token.empty()) made.secrets.push_back("Authorization: Bearer " + settings.token);
  // source  modelscope_hub 0.5.1 _legacy_api.py: its files' endpoints know the cookie alone
  if (!settings.token.empty() && settings.kind == HubKind::kModelScope)
    made.secrets.push_back("Cookie: m_session_id=" + settings.token);
  made.most = most;
  return made;
}

std::string place(const HubName& name) { return "model \"" + name.id + '"'; }

/// A list of objects, of each the text under `key`.
std::vector<std::string> texts_of(const json::Value* list, std::string_view key) {
  std::vector<std::string> texts;
  if (!list || !list->array()) return texts;
  for (const json::Value& each : *list->array())
    if (const json::Value* text = each.find(key); text && text->string() && texts.size() < kMostFiles)
      texts.push_back(*text->string());
  return texts;
}

/// A branch moves; the files' own hashes tell whether it has. Empty where they are not told.
std::string key_of(const std::vector<std::string>& files, const std::vector<std::string>& hashes) {
  if (files.empty() || files.size() != hashes.size()) return "";
  std::string key;
  for (std::size_t i = 0; i < files.size(); ++i) key += files[i] + ' ' + hashes[i] + '\n';
  return fingerprint(key);
}

Error gated(const HubSettings& settings, const HubName& name) {
  const std::string page = shown_url(settings.endpoint) + '/' + name.id, variable(token_variable(settings));
  return {ErrorCode::kUnavailable, place(name),
          "it is gated: the hub gives it to accounts that accepted its conditions",
          settings.token.empty() ? "accept them at " + page + " and set " + variable + " to a token of that account"
                                 : "accept them at " + page + " with the account that " + variable + " belongs to"};
}

Error limited(const HubSettings& settings, const HubName& name, const HttpAnswer& answer) {
  const auto seconds = read_integer(answer.header("retry-after"));
  std::string hint = seconds && *seconds > 0 ? "wait " + with_commas(*seconds) + " seconds" : "wait a few minutes";
  if (settings.token.empty())
    hint += ", or set " + std::string(token_variable(settings)) + ": accounts may ask more often";
  return {ErrorCode::kUnavailable, place(name), "the hub limits how often it is asked", hint};
}

Error missing(const HubSettings& settings, const HubName& name) {
  const std::string variable(token_variable(settings));
  return {ErrorCode::kNotFound, place(name),
          "the hub " + shown_url(settings.endpoint) + " has no public model of that name",
          settings.token.empty()
              ? "is it spelled as the hub spells it? A private one needs " + variable
              : "is it spelled as the hub spells it, and may the account of " + variable + " read it?"};
}

}  // namespace

HttpRequest model_request(const HubSettings& settings, const HubName& name) {
  const std::string revision = escaped(asked_revision(settings, name), "");
  if (settings.kind == HubKind::kModelScope)
    return request(settings,
                   settings.endpoint + "/api/v1/models/" + name.id + "/repo/files?Recursive=true&Revision=" + revision,
                   kMostList);
  return request(settings, settings.endpoint + "/api/models/" + name.id + "/revision/" + revision, kMostList);
}

Result<HubModel> read_model_answer(const HubSettings& settings, const HubName& name, const HttpAnswer& answer) {
  const auto value = json::parse(answer.body, answer.shown_url, {.bytes = std::size_t(kMostList.count())});
  if (!value) return value.error();
  HubModel model;
  if (settings.kind == HubKind::kModelScope) {
    model.commit = asked_revision(settings, name);
    const json::Value* data = value->find("Data");
    const json::Value* files = data ? data->find("Files") : nullptr;
    model.files = texts_of(files, "Path");
    model.key = key_of(model.files, texts_of(files, "Sha256"));
  } else {
    const json::Value* commit = value->find("sha");
    if (commit && commit->string()) model.commit = *commit->string();
    model.files = texts_of(value->find("siblings"), "rfilename");
    model.key = model.commit;
    if (!is_commit(model.commit))
      return Error{ErrorCode::kBadInput, answer.shown_url, "its answer names no commit", "is HF_ENDPOINT a hub?"};
  }
  if (model.files.empty())
    return Error{ErrorCode::kNotFound, place(name), "the hub has no files of it", "is it the right revision?"};
  return model;
}

HttpRequest file_request(const HubSettings& settings, const HubName& name, std::string_view commit,
                         std::string_view file) {
  constexpr Bytes kMostFile(64 * kMiB);
  if (settings.kind == HubKind::kModelScope)
    return request(settings,
                   settings.endpoint + "/api/v1/models/" + name.id + "/repo?Revision=" + escaped(commit, "") +
                       "&FilePath=" + escaped(file, "/"),
                   kMostFile);
  return request(settings,
                 settings.endpoint + '/' + name.id + "/resolve/" + escaped(commit, "") + '/' + escaped(file, "/"),
                 kMostFile);
}

Result<HubModel> ask_for_model(Http& http, const HubSettings& settings, const HubName& name) {
  const auto answer = http.fetch(model_request(settings, name));
  if (!answer) return answer.error();
  if (auto error = refusal(settings, name, *answer)) return *std::move(error);
  return read_model_answer(settings, name, *answer);
}

Result<std::optional<Bytes>> answered_size(const HttpAnswer& answer, std::int64_t first) {
  const std::string& range = answer.range;
  const std::size_t dash = range.find('-'), slash = range.find('/');
  const std::string_view text(range);
  const bool bytes = text.starts_with("bytes ") && dash != std::string::npos && slash != std::string::npos;
  const auto begin = bytes ? read_integer(text.substr(6, dash - 6)) : std::nullopt;
  if (!begin || *begin != first)
    return Error{ErrorCode::kUnavailable, answer.shown_url,
                 "it answers with another part of the file than was asked for",
                 "is a proxy or a mirror in between that does not know ranges?"};
  const auto whole = read_integer(text.substr(slash + 1));
  return whole && *whole >= 0 ? std::optional(Bytes(*whole)) : std::nullopt;
}

std::optional<Error> refusal(const HubSettings& settings, const HubName& name, const HttpAnswer& answer) {
  if (answer.status == 200 || answer.status == 206) return std::nullopt;
  const std::string_view code = answer.header("x-error-code");
  const std::string variable(token_variable(settings));
  if (answer.status == 429) return limited(settings, name, answer);
  if (code == "GatedRepo") return gated(settings, name);
  if (code == "RevisionNotFound")
    return Error{ErrorCode::kNotFound, place(name), "the hub has no revision \"" + name.revision + "\" of it",
                 "give a branch, a tag or a full commit behind the @"};
  if (answer.status == 401 && code != "RepoNotFound" && !settings.token.empty())
    return Error{ErrorCode::kUnavailable, place(name), "the hub does not accept " + variable,
                 "is the token still valid?"};
  if (code == "RepoNotFound" || answer.status == 401 || (answer.status == 404 && code != "EntryNotFound"))
    return missing(settings, name);
  if (answer.status == 403)
    return Error{ErrorCode::kUnavailable, place(name), "the hub refuses access to it",
                 "may the account of " + variable + " read it?"};
  const std::string status = std::to_string(answer.status);
  if (answer.status == 404) return Error{ErrorCode::kNotFound, answer.shown_url, "the hub has no such file", ""};
  return Error{ErrorCode::kUnavailable, answer.shown_url, "the hub answers with HTTP status " + status,
               "try again later; HF_HUB_OFFLINE=1 keeps to what is on this machine"};
}

}  // namespace vram::io
