#include "io/recall.h"

#include <functional>

#include "io/hub_settings.h"
#include "io/user_models.h"

namespace vram::io {
namespace {

constexpr std::size_t kMost = 256;
constexpr std::string_view kCatalogue = "catalog:";

}  // namespace

Result<std::shared_ptr<const ModelSource>> ReadModels::operator()(const std::string& name, const Reach& reach) {
  std::error_code none;
  if (!name.starts_with(kCatalogue) && std::filesystem::exists(name, none)) return load(name, reach);
  const auto folder = user_models_folder(process_variable);
  const auto changed =
      folder ? std::filesystem::last_write_time(*folder, none) : std::filesystem::file_time_type::min();
  if (changed != changed_ || read_.size() >= kMost) read_.clear();
  changed_ = changed;
  if (const auto known = read_.find(name); known != read_.end()) return known->second;
  auto read = load(name, reach);
  if (read) read_.emplace(name, *read);
  return read;
}

Result<plan::GpuChoice> ChosenGpus::operator()(const options::GpuForm& form) {
  if (form.total || form.free || form.capability || form.count > 0) return options::choose_gpu(form);
  if (const auto known = chosen_.find(form.name); known != chosen_.end()) return known->second;
  auto choice = options::choose_gpu(form);
  if (chosen_.size() >= kMost) chosen_.clear();
  if (choice) chosen_.emplace(form.name, *choice);
  return choice;
}

Recall::Recall(const Machine& plain) : machine_(plain) {
  machine_.read = std::ref(models_);
  machine_.choose = std::ref(gpus_);
  machine_.planner = &planner_;
  machine_.profiles = std::make_shared<const formula::Profiles>(formula::built_in_profiles());
}

}  // namespace vram::io
