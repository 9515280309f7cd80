// The service described for programs: made of the table of routes and the schemas of requests and reports.
#pragma once

#include "json/value.h"
#include "server/schemas.h"

namespace vram::server {

/// source  OpenAPI 3.1.0
json::Value openapi(const Schemas& schemas);

}  // namespace vram::server
