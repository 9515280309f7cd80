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
  std::vector<std::string> files;  // paths
};

HttpRequest model_request(const HubSettings& settings, const HubName& name);
/// errors  kBadInput for an answer that is none
Result<HubModel> read_model_answer(const HubSettings& settings, const HubName& name, const HttpAnswer& answer);

/// Asks for a file of the model.
HttpRequest file_request(const HubSettings& settings, const HubName& name, std::string_view commit,
                         std::string_view file);

/// Why an answer that is not 200 or 206 is one; nothing for those two.
std::optional<Error> refusal(const HubSettings& settings, const HubName& name, const HttpAnswer& answer);

}  // namespace vram::io
