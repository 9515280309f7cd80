#include "explorer.h"

#include <algorithm>
#include <cmath>

#include "json/write.h"
#include "memory/kv_plan.h"
#include "options/inventory.h"
#include "report/launch.h"
#include "report/memory_bar.h"
#include "report/sentences.h"
#include "units/text.h"

namespace vram::cli {
namespace {

constexpr std::int64_t kShortest = 1024;
constexpr int kNameWidth = 28;

std::vector<std::int64_t> doublings(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> values;
  for (std::int64_t value = first; value < last; value *= 2) values.push_back(value);
  values.push_back(last);
  return values;
}

std::int64_t whole(const plan::Report& report, const char* name, std::int64_t otherwise) {
  const json::Value* found = report.args.find(name);
  return found && found->integer() ? *found->integer() : otherwise;
}

std::string dashed(std::string name) {
  std::ranges::replace(name, '_', '-');
  return "--" + name;
}

}  // namespace

KeyPress read_key(std::string_view bytes) {
  if (bytes.empty()) return {};
  constexpr char kEscape = '\x1b', kInterrupt = '\x03', kEnd = '\x04';
  if (bytes[0] == 'q' || bytes[0] == 'Q' || bytes[0] == kInterrupt || bytes[0] == kEnd) return {Key::kQuit, 1};
  if (bytes[0] == 'k') return {Key::kUp, 1};
  if (bytes[0] == 'j') return {Key::kDown, 1};
  if (bytes[0] == 'h') return {Key::kLeft, 1};
  if (bytes[0] == 'l') return {Key::kRight, 1};
  if (bytes[0] != kEscape) return {Key::kOther, 1};
  if (bytes.size() < 2) return {Key::kOther, 0};
  if (bytes[1] != '[' && bytes[1] != 'O') return {Key::kOther, 1};
  const std::size_t last = bytes.find_first_not_of("0123456789;", 2);
  if (last == std::string_view::npos) return {Key::kOther, bytes.size() > 16 ? bytes.size() : 0};
  switch (bytes[last]) {
    case 'A':
      return {Key::kUp, last + 1};
    case 'B':
      return {Key::kDown, last + 1};
    case 'C':
      return {Key::kRight, last + 1};
    case 'D':
      return {Key::kLeft, last + 1};
    default:
      return {Key::kOther, last + 1};
  }
}

Result<Explorer> Explorer::open(plan::Request request) {
  auto report = plan::plan(request);
  if (!report) return report.error();
  if (report->verdict.reason == plan::Reason::kUnsupportedModel)
    return Error{ErrorCode::kUnsupported, "", report->verdict.message.value_or(""), ""};
  return Explorer(std::move(request), *std::move(report));
}

Explorer::Explorer(plan::Request request, plan::Report report)
    : request_(std::move(request)), report_(std::move(report)) {
  const std::int64_t length = report_.kv ? report_.kv->max_model_len.count() : kShortest;
  add_numbers("max_model_len", doublings(kShortest, std::max(length, kShortest)));
  add_utilisation();
  add_words("kv_cache_dtype", {json::Value("auto"), json::Value("fp8")});
  add_numbers("max_num_seqs", doublings(1, 1024));
  add_numbers("max_num_batched_tokens", doublings(kShortest, 32768));
  add_words("enforce_eager", {json::Value(false), json::Value(true)});
  add_numbers("tensor_parallel_size", doublings(1, 8));
  add_numbers("pipeline_parallel_size", doublings(1, 8));
  add_gpus();
}

/// One of `values`, and what the launch has now among them.
void Explorer::add_numbers(const char* name, std::vector<std::int64_t> values) {
  const std::int64_t now = whole(report_, name, values.front());
  values.push_back(now);
  std::ranges::sort(values);
  const auto [last, end] = std::ranges::unique(values);
  values.erase(last, end);
  Knob knob{dashed(name), {}, std::size_t(std::ranges::find(values, now) - values.begin())};
  for (const std::int64_t value : values)
    knob.choices.push_back(
        {with_commas(value), [name, value](plan::Request& request) { request.args.set(name, json::Value(value)); }});
  knobs_.push_back(std::move(knob));
}

void Explorer::add_utilisation() {
  constexpr int kLeast = 10, kMost = 99;
  Knob knob{"--gpu-memory-utilization", {}, 0};
  for (int u = kLeast; u <= kMost; ++u)
    knob.choices.push_back({fixed(u / 100.0, 2), [u](plan::Request& request) {
                              request.args.set("gpu_memory_utilization", json::Value(u / 100.0));
                            }});
  const int now = std::clamp(int(std::lround(report_.gpu_memory_utilization * 100)), kLeast, kMost);
  knob.at = std::size_t(now - kLeast);
  knobs_.push_back(std::move(knob));
}

void Explorer::add_words(const char* name, const std::vector<json::Value>& values) {
  Knob knob{dashed(name), {}, 0};
  const json::Value* now = request_.args.find(name);
  for (const json::Value& value : values) {
    if (now && *now == value) knob.at = knob.choices.size();
    const std::string* text = value.string();
    knob.choices.push_back({text ? *text : json::write_line(value),
                            [name, value](plan::Request& request) { request.args.set(name, value); }});
  }
  knobs_.push_back(std::move(knob));
}

void Explorer::add_gpus() {
  std::vector<hardware::Gpu> gpus{request_.gpu};
  for (plan::Offer& offer : options::usual_offers())
    if (offer.gpu.id != request_.gpu.id) gpus.push_back(std::move(offer.gpu));
  std::ranges::stable_sort(gpus, {}, &hardware::Gpu::total);
  Knob knob{"GPU", {}, 0};
  for (hardware::Gpu& gpu : gpus) {
    if (gpu.id == request_.gpu.id) knob.at = knob.choices.size();
    std::string shown = gpu.name;
    knob.choices.push_back({std::move(shown), [gpu = std::move(gpu)](plan::Request& request) { request.gpu = gpu; }});
  }
  knobs_.push_back(std::move(knob));
}

void Explorer::turn(int by) {
  Knob& knob = knobs_[selected_];
  if ((by < 0 && knob.at == 0) || (by > 0 && knob.at + 1 == knob.choices.size())) return;
  knob.at = by < 0 ? knob.at - 1 : knob.at + 1;
  knob.choices[knob.at].apply(request_);
  // What makes no sense to vLLM is a report; an error of ours leaves the last report standing.
  if (auto report = plan::plan(request_)) report_ = *std::move(report);
}

void Explorer::press(Key key) {
  switch (key) {
    case Key::kUp:
      selected_ = (selected_ + knobs_.size() - 1) % knobs_.size();
      break;
    case Key::kDown:
      selected_ = (selected_ + 1) % knobs_.size();
      break;
    case Key::kLeft:
      turn(-1);
      break;
    case Key::kRight:
      turn(1);
      break;
    case Key::kQuit:
    case Key::kOther:
      break;
  }
}

std::string Explorer::frame(const report::TextStyle& style) const {
  std::string out = report::wrapped(report::verdict_sentence(report_), style.width, "") + "\n\n";
  if (!report_.ranks.empty())
    out += report::memory_bar(report_, report_.fullest(), "the fullest rank", style) + report::bar_key(style) + '\n';
  if (report_.kv && report_.verdict.fits)
    out += "  " + with_commas(report_.kv->tokens.count()) + " tokens of KV cache, " +
           memory::printed_concurrency(report_.kv->max_concurrency) + " requests of " +
           with_commas(report_.kv->max_model_len.count()) + " tokens\n\n";
  for (std::size_t i = 0; i < knobs_.size(); ++i) {
    const Knob& knob = knobs_[i];
    std::string line = (i == selected_ ? "> " : "  ") + report::padded_right(knob.name, kNameWidth);
    line += (knob.at > 0 ? "< " : "  ") + knob.choices[knob.at].shown;
    if (knob.at + 1 < knob.choices.size()) line += " >";
    out += (i == selected_ ? report::painted(line, report::Paint::kBold, style) : line) + '\n';
  }
  out += "\n  up, down: which argument; left, right: its value; q: the launch line\n";
  return out;
}

}  // namespace vram::cli
