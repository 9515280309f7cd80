// What a hub is asked and how it answers: addresses, lists of files, refusals in clear words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/http.h"
#include "io/hub_settings.h"

namespace vram::io {

/// What a hub says about a model at a revision.
struct HubModel {
  std::string commit;              // a name of the revision that does not change; ModelScope: the revision itself
  std::string key;                 // of what was read of it: the commit; ModelScope: of its list; empty: none
  std::vector<std::string> files;  // paths
};

HttpRequest model_request(const HubSettings& settings, const HubName& name);
/// errors  kBadInput for an answer that is none
Result<HubModel> read_model_answer(const HubSettings& settings, const HubName& name, const HttpAnswer& answer);

/// Asks for a file of the model.
HttpRequest file_request(const HubSettings& settings, const HubName& name, std::string_view commit,
                         std::string_view file);

/// Commit and files of the model, asked of the hub.
///   errors  as Http::fetch, refusal and read_model_answer
Result<HubModel> ask_for_model(Http& http, const HubSettings& settings, const HubName& name);

/// The whole file's size out of the "bytes 0-65535/1234" of a 206; nothing where it is not told.
///   errors  kUnavailable where the answer does not begin at `first`
Result<std::optional<Bytes>> answered_size(const HttpAnswer& answer, std::int64_t first);

/// Why an answer that is not 200 or 206 is one; nothing for those two.
std::optional<Error> refusal(const HubSettings& settings, const HubName& name, const HttpAnswer& answer);

}  // namespace vram::io
