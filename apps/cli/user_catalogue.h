// The user's own catalogue, as the commands of `models` change it.
#pragma once

#include <optional>
#include <string>

#include "io/user_models.h"
#include "session.h"

namespace vram::cli {

/// Reads `typed`, a hub's name or a folder, anew and keeps it.
///
///   name    of the entry; nothing: the hub's, or the last part of the folder's path
///   errors  as io::hub_model, io::load and io::keep_user_model; kUnavailable without a home folder
Result<io::UserModel> add_to_catalogue(const std::string& typed, const std::optional<std::string>& name,
                                       const Session& session);

/// The entry of that name, or all. Those that cannot be read stay as they were, with a warning each; answers whether
/// there was none.
Result<bool> refresh_catalogue(const std::optional<std::string>& name, const Session& session);

std::optional<Error> remove_from_catalogue(const std::string& name);

}  // namespace vram::cli
