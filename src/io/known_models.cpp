#include "io/known_models.h"

#include "io/hub_settings.h"
#include "io/user_models.h"
#include "readers/catalogue.h"

namespace vram::io {

std::vector<KnownModel> known_models(std::string_view search) {
  std::vector<KnownModel> models;
  if (const auto folder = user_models_folder(process_variable))
    for (UserModel& entry : user_models(*folder))
      if (matches_search(entry.name, search))
        models.push_back({std::move(entry.name), std::move(entry.origin), std::move(entry.date)});
  const json::Object dates = catalogue_dates();
  for (const std::string& name : search_catalogue(search)) {
    const json::Value* date = dates.find(name);
    models.push_back({name, "built in", date && date->string() ? *date->string() : ""});
  }
  return models;
}

}  // namespace vram::io
