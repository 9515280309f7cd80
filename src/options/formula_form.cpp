#include "options/formula_form.h"

#include "formula/ranges.h"
#include "json/fields.h"

namespace vram::options {
namespace {

/// Numbers of one object, each held to its range; the first problem is kept.
class Numbers {
 public:
  explicit Numbers(const json::Fields& fields) : fields_(fields) {}

  std::optional<double> maybe(const formula::Range& range) {
    const auto number = fields_.maybe_number(range.name);
    if (!number) return std::nullopt;
    const auto checked = formula::number_in(range, *number, fields_.place() + ": \"" + std::string(range.name) + '"');
    if (!checked && !error_) error_ = checked.error();
    return checked ? std::optional(*checked) : std::nullopt;
  }
  double needed(const formula::Range& range) {
    if (!fields_.has(range.name) && !error_)
      error_ = Error{ErrorCode::kBadInput, fields_.place() + ": \"" + std::string(range.name) + '"', "it is missing",
                     "give " + formula::expected(range)};
    return maybe(range).value_or(range.least);
  }
  [[nodiscard]] std::optional<Error> error() const { return error_ ? error_ : fields_.error(); }

 private:
  const json::Fields& fields_;
  std::optional<Error> error_;
};

}  // namespace

Result<FormulaForm> read_formula(const RequestForm& form, const formula::Profiles& profiles) {
  static constexpr const char* kPlace = "request: \"model\": \"formula\"";
  if (!form.model.formula->object())
    return Error{ErrorCode::kBadInput, kPlace, "expected an object, found " + json::describe(*form.model.formula), ""};
  const json::Fields fields(*form.model.formula, kPlace);
  Numbers numbers(fields);
  FormulaForm read;
  formula::Request& request = read.request;
  request.params_billion = numbers.needed(formula::kParamsBillion);
  request.layers = std::int64_t(numbers.needed(formula::kLayers));
  request.kv_heads = std::int64_t(numbers.needed(formula::kKvHeads));
  request.head_dim = std::int64_t(numbers.needed(formula::kHeadDim));
  request.bytes_per_param = numbers.maybe(formula::kBytesPerParam);
  request.kv_bytes = numbers.maybe(formula::kKvBytes);
  request.quant = fields.text_or("quant", request.quant);
  request.kv_dtype = fields.text_or("kv_dtype", request.kv_dtype);
  if (auto error = numbers.error()) return *error;
  if (form.workload) {
    read.context_k = double(form.workload->context_tokens) / 1024;
    request.batch = form.workload->concurrent_requests;
  }
  const std::string wanted = form.profile.empty() ? "default" : form.profile;
  const auto profile = formula::find_profile(profiles, wanted, "request: \"profile\"");
  if (!profile) return profile.error();
  request.profile = *profile;
  request.profile.overhead_gib = numbers.maybe(formula::kOverheadGib).value_or(profile->overhead_gib);
  request.profile.vision_gib = numbers.maybe(formula::kVisionGib).value_or(profile->vision_gib);
  request.profile.frag_factor = numbers.maybe(formula::kFragFactor).value_or(profile->frag_factor);
  if (auto error = numbers.error()) return *error;
  read.warnings = formula::unknown_names(request);
  return read;
}

}  // namespace vram::options
