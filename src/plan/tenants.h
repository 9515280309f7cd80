// GPUs that are shared: what is on them before a start-up.
#pragma once

#include <span>
#include <string>

#include "plan/report.h"
#include "plan/request.h"

namespace vram::plan {

/// The request as it finds its GPUs: free is what the tenants leave, once its own CUDA context is there.
///
///   request  its GPU's free memory, where it is known, is before the tenants
///   errors   those of plan()
Result<Request> beside(Request request, std::span<const Tenant> tenants);

/// What a start-up holds from then on, on its fullest GPU; nothing where it would be refused.
std::optional<Tenant> tenant_of(const Report& report);

}  // namespace vram::plan
