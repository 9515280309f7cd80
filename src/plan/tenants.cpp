#include "plan/tenants.h"

#include <algorithm>

namespace vram::plan {

Result<Request> beside(Request request, std::span<const Tenant> tenants) {
  if (tenants.empty()) return request;
  Bytes held;
  for (const Tenant& tenant : tenants) held += tenant.held;
  Bytes free = request.gpu.free.value_or(request.gpu.total);
  if (!request.gpu.free) {
    const auto alone = plan(request);
    if (!alone) return alone.error();
    if (!alone->ranks.empty()) free -= alone->fullest().context.bytes;
  }
  request.gpu.free = std::max(free - held, Bytes(0));
  const Bytes taken = request.gpu.total - *request.gpu.free;
  for (hardware::Gpu& gpu : request.unlike) gpu.free = std::max(gpu.total - taken, Bytes(0));
  request.tenants.assign(tenants.begin(), tenants.end());
  return request;
}

std::optional<Tenant> tenant_of(const Report& report) {
  if (!report.verdict.fits || report.ranks.empty()) return std::nullopt;
  return Tenant{report.model_name, report.fullest().peak};
}

}  // namespace vram::plan
