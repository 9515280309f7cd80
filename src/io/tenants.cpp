#include "io/tenants.h"

#include "json/fields.h"

namespace vram::io {
namespace {

constexpr std::size_t kMostTenants = 64;

Result<plan::Tenant> held(const json::Value& entry, const std::string& place) {
  const json::Fields fields(entry, place);
  const json::Value* given = entry.find("held_bytes");
  const std::int64_t* bytes = given->integer();
  if (!bytes || *bytes < 0)
    fields.refuse("held_bytes", "expected bytes as a whole number, found " + json::describe(*given));
  const std::string name = fields.text_or("name", "another process");
  if (fields.error()) return *fields.error();
  return plan::Tenant{name, Bytes(*bytes)};
}

Result<plan::Tenant> started(const json::Value& entry, const std::string& place, const plan::Request& request,
                             std::span<const plan::Tenant> before, const Machine& machine) {
  auto form = options::read_request(entry);
  if (!form) return form.error();
  if (!form->also.empty()) return Error{ErrorCode::kBadInput, place, "it has \"also\" of its own", "list all in order"};
  const bool same_gpu = form->gpu.detect;
  auto made = same_gpu ? complete_on(*form, {request.gpu, request.gpu_count}, machine) : complete(*form, machine);
  if (!made) return made.error();
  auto found = plan::beside(*std::move(made), before);
  if (!found) return found.error();
  const auto report = plan::plan(*found);
  if (!report) return report.error();
  if (auto tenant = plan::tenant_of(*report)) return *std::move(tenant);
  return Error{ErrorCode::kBadInput, place,
               "it would be refused: " + report->verdict.message.value_or("it does not start"), ""};
}

}  // namespace

Result<std::vector<plan::Tenant>> tenants(const json::Array& also, const plan::Request& request,
                                          const Machine& machine) {
  std::vector<plan::Tenant> found;
  if (also.size() > kMostTenants) return Error{ErrorCode::kTooLarge, "request: \"also\"", "more than 64 entries", ""};
  for (const json::Value& entry : also) {
    const std::string place = "request: \"also\": entry " + std::to_string(found.size() + 1);
    if (!entry.object())
      return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(entry), ""};
    auto tenant = entry.find("held_bytes") ? held(entry, place) : started(entry, place, request, found, machine);
    if (!tenant) return tenant.error();
    found.push_back(*std::move(tenant));
  }
  return found;
}

}  // namespace vram::io
