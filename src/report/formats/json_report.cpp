// json: the report as batch and the service answer it, a member a line.
#include "json/write.h"
#include "report/formats.h"
#include "report/report_json.h"

namespace vram::report::formats {

extern const Entry json_report;

const Entry json_report{"json", "the report, in bytes", [](const Answered& answered) {
                          return json::write_pretty(report_json(answered.report)) + '\n';
                        }};

}  // namespace vram::report::formats
