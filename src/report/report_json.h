// The report as the contract's JSON: every size in bytes, at full precision.
#pragma once

#include "json/value.h"
#include "plan/report.h"

namespace vram::report {

/// source  docs/report.schema.json describes every member
json::Value report_json(const plan::Report& report);

}  // namespace vram::report
