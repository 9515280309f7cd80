// A request's "also": other processes, and start-ups before it, on the same GPUs.
#pragma once

#include <vector>

#include "io/answer.h"
#include "plan/tenants.h"

namespace vram::io {

/// The tenants in order. An entry is {"held_bytes": N, "name": "…"}, or a request, whose GPU is `request`'s where it
/// names none: it is planned on what those before it leave.
///
///   errors  kBadInput with the entry for one that is neither, that has tenants of its own, or that would be refused
Result<std::vector<plan::Tenant>> tenants(const json::Array& also, const plan::Request& request,
                                          const Machine& machine);

}  // namespace vram::io
