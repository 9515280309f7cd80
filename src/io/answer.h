// One request, one answer in JSON: what `batch` prints for a line and the service for a call.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formula/profiles.h"
#include "hardware/gpu.h"
#include "io/load.h"
#include "json/value.h"
#include "options/formula_form.h"
#include "options/request_form.h"
#include "plan/planner.h"

namespace vram::io {

/// The machine, as far as a request may ask about it.
struct Machine {
  std::function<Result<std::vector<hardware::Gpu>>()> detect;
  /// The file that "registry:NAME" looks in; without one, that of io::registry_file.
  std::optional<std::string> registry = {};
  /// Told what an answer leaves out; may be empty.
  std::function<void(const Error&)> warn = {};
  Reach reach = {};
  /// Asked before a model's name is looked for; answers the name to look for. May be empty: any name will do.
  std::function<Result<std::string>(const std::string&)> admit = {};
  /// Reads a model by name; may be empty: io::load does.
  std::function<Result<std::shared_ptr<const ModelSource>>(const std::string&, const Reach&)> read = {};
  /// Chooses a GPU that is named; may be empty: options::choose_gpu does.
  std::function<Result<plan::GpuChoice>(const options::GpuForm&)> choose = {};
  /// Those of formula mode; null: the built-in ones are read each time.
  std::shared_ptr<const formula::Profiles> profiles = {};
  /// What earlier answers derived, for the next; may be null. One caller's at a time.
  plan::Planner* planner = nullptr;
};

/// The GPU of a form: the named one, or those in this machine.
///
///   errors  as options::choose_gpu; kNotFound where none is in this machine and none was named
Result<plan::GpuChoice> gpu_for(const options::GpuForm& form, const Machine& machine);

/// Formula mode's figures of a form, with the profiles of the machine. Errors are those of options::read_formula.
Result<options::FormulaForm> figures_for(const options::RequestForm& form, const Machine& machine);

/// The form with its model's name as the machine admits it. Errors are those of `admit`.
Result<options::RequestForm> admitted(options::RequestForm form, const Machine& machine);

/// The request that `form` spells: its model read, its GPU found. A model "registry:NAME" is served as its entry says,
/// where the form's own arguments do not say otherwise.
///
///   errors  as options::choose_gpu, io::load; kNotFound where no GPU is in this machine and none was named
Result<plan::Request> complete(const options::RequestForm& form, const Machine& machine);

/// The same on a GPU that is chosen already.
Result<plan::Request> complete_on(const options::RequestForm& form, const plan::GpuChoice& gpu, const Machine& machine);

/// The report for a request, or {"error": {"code", "message"}}.
json::Value answer(const options::RequestForm& form, const Machine& machine);

/// The report for a request in JSON, or {"error": {"code", "message"}}.
json::Value answer(const json::Value& request, const Machine& machine);

/// {"error": {"code": "bad_input", "message": sentence}}
json::Value error_json(const Error& error);

}  // namespace vram::io
