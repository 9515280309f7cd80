// A diagnosis for programs. Numbers that a log states are given as it states them, in GiB; what is predicted is a
// report in bytes.
#pragma once

#include "diagnosis/diagnose.h"
#include "json/value.h"

namespace vram::report {

json::Value diagnosis_json(const diagnosis::Diagnosis& diagnosis);

}  // namespace vram::report
