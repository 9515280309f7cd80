#include "report/placements_text.h"

#include <algorithm>

#include "report/launch.h"
#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

using plan::Placement;

std::string gpus(const Placement& placement) {
  return std::to_string(placement.gpus) + " x " + placement.request.gpu.name;
}

std::string split(const Placement& placement) {
  std::string text = std::to_string(placement.tensor) + '/' + std::to_string(placement.pipeline) + '/' +
                     std::to_string(placement.data);
  return placement.expert ? text + " EP" : text;
}

std::string wanted(const plan::Workload& workload) {
  return with_commas(workload.concurrent_requests) +
         (workload.concurrent_requests == 1 ? " request of " : " requests of ") + with_commas(workload.context_tokens) +
         " tokens";
}

const Placement* cheapest(const plan::Placements& answer) {
  const Placement* found = nullptr;
  for (const Placement& each : answer.found)
    if (each.price && (!found || *each.price < *found->price)) found = &each;
  return found;
}

std::string first_lines(const plan::PlacementQuestion& question, const plan::Placements& answer,
                        const TextStyle& style) {
  if (answer.found.empty())
    return painted("Nothing", Paint::kBad, style) + " of what is offered serves " + wanted(question.workload) + ".\n";
  const Placement& first = answer.found.front();
  std::string out = painted("Fewest", Paint::kGood, style) + " GPUs for " + wanted(question.workload) + ": " +
                    gpus(first) + (first.remark.empty() ? "" : " with " + first.remark) + ".\n";
  if (const Placement* least = cheapest(answer))
    out += "Cheapest: " + gpus(*least) + ", " + fixed(*least->price, 2) + " an hour" +
           (least->remark.empty() ? "" : ", with " + least->remark) + ".\n";
  return out;
}

std::vector<std::string> row_of(const Placement& placement, bool priced) {
  std::vector<std::string> row{
      (placement.on_front ? "* " : "  ") + gpus(placement), split(placement),
      "~" + fixed(gib(placement.report.fullest().available_kv.bytes), 2), with_commas(placement.requests_possible),
      placement.speed.tokens_per_second > 0 ? with_commas(std::int64_t(placement.speed.tokens_per_second)) : "?"};
  if (priced) row.push_back(placement.price ? fixed(*placement.price, 2) : "?");
  return row;
}

/// A table for what is as asked, then one for each set of changes.
std::string found_tables(const plan::Placements& answer, const TextStyle& style) {
  const bool priced = cheapest(answer) != nullptr;
  std::vector<Column> shown{
      {"  GPUs", false, 26}, {"tp/pp/dp", false, 8}, {"KV GiB/GPU", true}, {"requests", true}, {"tokens/s <=", true}};
  if (priced) shown.push_back({"an hour", true});
  std::vector<std::string> remarks;
  for (const Placement& each : answer.found)
    if (std::ranges::find(remarks, each.remark) == remarks.end()) remarks.push_back(each.remark);
  std::ranges::stable_sort(remarks, {}, [](const std::string& remark) { return !remark.empty(); });
  std::string out;
  for (const std::string& remark : remarks) {
    std::vector<std::vector<std::string>> rows;
    for (const Placement& each : answer.found)
      if (each.remark == remark) rows.push_back(row_of(each, priced));
    out += '\n' + (remark.empty() ? "" : "  With " + remark + '\n') + table(shown, rows, style.width);
  }
  return out;
}

/// Of each kind of GPU and checkpoint the largest number that is not enough; all of them when asked for.
std::vector<plan::Rejection> shown_rejections(const plan::Placements& answer, bool all) {
  if (all) return answer.rejected;
  std::vector<plan::Rejection> last;
  for (const plan::Rejection& each : answer.rejected) {
    const bool follows = !last.empty() && last.back().offer == each.offer && last.back().model == each.model;
    if (follows)
      last.back() = each;
    else
      last.push_back(each);
  }
  return last;
}

std::string rejected_lines(const plan::PlacementQuestion& question, const plan::Placements& answer,
                           const TextStyle& style) {
  if (answer.rejected.empty()) return {};
  std::string out = "\n  Not enough\n";
  for (const plan::Rejection& each : shown_rejections(answer, style.verbose)) {
    std::string line = std::to_string(each.gpus) + " x " + question.offers[each.offer].gpu.name + ": ";
    if (each.model != question.request.model->name) line += each.model + ", ";
    out += wrapped(line + each.why, style.width, "    ") + '\n';
  }
  return out;
}

std::string launch_lines(const Placement& placement, const TextStyle& style) {
  std::string out = "\n";
  for (const NodeLaunch& node : launches(placement.request)) {
    if (!node.where.empty()) out += "  " + node.where + "\n";
    for (const auto& words : node.lines) out += command_text(words, style.width, "  ");
  }
  return out;
}

}  // namespace

std::string placements_text(const plan::PlacementQuestion& question, const plan::Placements& answer,
                            const TextStyle& style) {
  std::string out = first_lines(question, answer, style);
  out += "\n  vLLM " + question.request.engine.version + ", " + question.request.model->name + '\n';
  if (!answer.found.empty()) {
    out += found_tables(answer, style);
    out += "\n" +
           wrapped(
               "* nothing else is as good in GPUs, price, speed and changes. tokens/s: what reading weights "
               "and caches allows at most; real serving decodes less.",
               style.width, "  ") +
           '\n';
  }
  out += rejected_lines(question, answer, style);
  if (!answer.cut.empty()) out += "\n  " + answer.cut + "; the rest was not looked at.\n";
  if (!answer.found.empty()) out += launch_lines(answer.found.front(), style);
  return out;
}

}  // namespace vram::report
