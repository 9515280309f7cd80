#include "report/calibration_text.h"

#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

std::string difference(const std::optional<Bytes>& bytes) {
  if (!bytes) return "";
  return (*bytes >= Bytes(0) ? "+" : "") + fixed(gib(*bytes), 2);
}

}  // namespace

std::string calibration_text(const plan::Calibration& calibration, const TextStyle& style) {
  static constexpr Column kColumns[] = {{"start-up", false, 0}, {"vLLM", false, 0},       {"ranks", true, 0},
                                        {"non-torch", true, 0}, {"activations", true, 0}, {"graphs", true, 0},
                                        {"loading", true, 0}};
  std::vector<std::vector<std::string>> rows;
  for (const plan::Observation& seen : calibration.observations)
    rows.push_back({seen.model, seen.engine.version, std::to_string(seen.ranks), difference(seen.non_torch),
                    difference(seen.activation_peak), difference(seen.cuda_graphs), difference(seen.model_loading)});
  return "Calibration \"" + calibration.name + "\": " + std::to_string(rows.size()) +
         (rows.size() == 1 ? " start-up" : " start-ups") + ", GiB measured beyond the built-in estimates\n\n" +
         table(kColumns, rows, style.width);
}

}  // namespace vram::report
