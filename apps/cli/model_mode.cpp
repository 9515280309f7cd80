#include "model_mode.h"

#include "json/write.h"
#include "plan/max_context.h"
#include "plan/suggestions.h"
#include "question.h"
#include "report/max_context_text.h"
#include "report/report_json.h"

namespace vram::cli {

Result<int> estimate_model(const Arguments& arguments, const Session& session) {
  const auto request = read_question(arguments, session);
  if (!request) return request.error();
  const auto report = plan::advise(*request);
  if (!report) return report.error();
  return show(*request, *report, arguments, session);
}

Result<int> max_context_model(const Arguments& arguments, const Session& session) {
  const auto request = read_question(arguments, session);
  if (!request) return request.error();
  const auto requests = count_or(arguments, "--concurrency", 1);
  if (!requests) return requests.error();
  const auto found = plan::max_context(*request, *requests);
  if (!found) return found.error();
  if (found->report.verdict.reason == plan::Reason::kUnsupportedModel)
    return show(*request, found->report, arguments, session);
  if (arguments.flag("--json")) {
    session.terminal.print(json::write_pretty(report::max_context_json(*found)) + '\n');
  } else {
    session.terminal.print(report::max_context_text(*found, session.terminal.look().out));
  }
  return found->context > Tokens(0) ? kExitFits : kExitRefused;
}

}  // namespace vram::cli
