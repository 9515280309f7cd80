#include "arch/build.h"

#include <algorithm>

#include "arch/families.h"
#include "units/text.h"

namespace vram::arch {

std::vector<std::string_view> architectures() {
  std::vector<std::string_view> names;
  for (const families::Entry* family : families::all())
    names.insert(names.end(), family->architectures.begin(), family->architectures.end());
  std::sort(names.begin(), names.end());
  return names;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  for (const families::Entry* family : families::all())
    for (const std::string_view name : family->architectures)
      if (name == source.architecture) {
        auto model = family->build(source, options);
        if (model) {
          model->name = source.name;
          model->architecture = source.architecture;
          model->dtype = options.dtype;
        }
        return model;
      }
  const auto names = architectures();
  const auto near = nearest(source.architecture, names);
  return Error{
      ErrorCode::kUnsupported, source.place + ": \"architectures\"",
      "the architecture " + source.architecture + " is not modelled yet: its layers and caches would be a guess",
      near ? "the nearest that is modelled is " + std::string(*near)
           : "`vram-estimator models --architectures` lists those that are"};
}

}  // namespace vram::arch
