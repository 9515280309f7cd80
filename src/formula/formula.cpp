#include "formula/formula.h"

#include <cmath>

#include "formula/names.h"
#include "units/text.h"

namespace vram::formula {
namespace {

constexpr double kGiBytes = double(kGiB);
constexpr double kTokensPerK = 1024.0;

double bytes_per_param(const Request& request) {
  if (request.bytes_per_param) return *request.bytes_per_param;
  return width_of(request.quant, quants()).value_or(kUnknownQuantBytes);
}

double kv_bytes(const Request& request) {
  if (request.kv_bytes) return *request.kv_bytes;
  return width_of(request.kv_dtype, kv_dtypes()).value_or(kUnknownKvBytes);
}

Error unknown(const char* place, const std::string& name, const std::string& counts,
              std::span<const NamedWidth> known) {
  return {ErrorCode::kNotFound, place, '"' + name + "\" is not a known name and counts " + counts,
          "known are " + listed(known)};
}

}  // namespace

Estimate estimate(const Request& request, double context_k) {
  const Profile& profile = request.profile;
  Estimate result{
      .overhead_gib = profile.overhead_gib, .vision_gib = profile.vision_gib, .frag_factor = profile.frag_factor};
  result.weights_gib = request.params_billion * 1e9 * bytes_per_param(request) / kGiBytes;
  // K and V. Whole numbers first: their product is exact, as Python's is.
  const double elements_per_token = double(2 * request.layers * request.kv_heads * request.head_dim);
  const double tokens = context_k * kTokensPerK * double(request.batch);
  result.kv_gib = elements_per_token * kv_bytes(request) * tokens / kGiBytes;
  const double sum = result.weights_gib + result.kv_gib + result.overhead_gib + result.vision_gib;
  result.total_gib = sum * result.frag_factor;
  return result;
}

MaxContext max_context(const Request& request, double total_vram_gib, double max_context_k) {
  const auto at = [&](std::int64_t tokens) { return estimate(request, double(tokens) / kTokensPerK); };
  const auto limit = std::int64_t(std::floor(max_context_k * kTokensPerK));
  // The estimate never falls as tokens grow (each rounded operation is monotone), so fitting is true up to a point.
  std::int64_t low = 0, high = limit;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (at(middle).total_gib <= total_vram_gib)
      low = middle;
    else
      high = middle - 1;
  }
  const Estimate found = at(low);
  const bool fits = found.total_gib <= total_vram_gib;
  const bool at_limit = low == limit && at(limit + 1).total_gib <= total_vram_gib;
  return {Tokens(low), found, fits, at_limit};
}

std::vector<Error> unknown_names(const Request& request) {
  std::vector<Error> warnings;
  if (!request.bytes_per_param && !width_of(request.quant, quants()))
    warnings.push_back(unknown("quant", request.quant, fixed(kUnknownQuantBytes, 0) + " byte a parameter", quants()));
  if (!request.kv_bytes && !width_of(request.kv_dtype, kv_dtypes()))
    warnings.push_back(
        unknown("kv_dtype", request.kv_dtype, fixed(kUnknownKvBytes, 0) + " bytes an element", kv_dtypes()));
  return warnings;
}

}  // namespace vram::formula
