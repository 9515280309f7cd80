#include "probe/detect.h"

#include <iterator>
#include <optional>
#include <utility>

#include "probe/vendors.h"

namespace vram::probe {

Result<Detection> detect(const System& system) {
  Detection all;
  std::optional<Error> failure;
  for (const vendors::Entry* vendor : vendors::all()) {
    Result<Detection> found = vendor->detect(system);
    if (!found) {
      all.warnings.push_back(found.error().sentence());
      if (!failure) failure = found.error();
      continue;
    }
    all.gpus.insert(all.gpus.end(), std::make_move_iterator(found->gpus.begin()),
                    std::make_move_iterator(found->gpus.end()));
    all.warnings.insert(all.warnings.end(), std::make_move_iterator(found->warnings.begin()),
                        std::make_move_iterator(found->warnings.end()));
  }
  if (all.gpus.empty() && failure) return *failure;
  return all;
}

}  // namespace vram::probe
