#include "server/metrics.h"

#include <algorithm>

#include "json/value.h"
#include "json/write.h"

namespace vram::server {
namespace {

std::string shortest(double number) { return json::write_line(json::Value(number)); }

void header(std::string& text, const char* name, const char* type, const char* help) {
  text += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

}  // namespace

Metrics::Metrics(std::vector<std::string> routes) : routes_(std::move(routes)), counts_(routes_.size() + 1) {
  routes_.emplace_back("other");
}

void Metrics::count(std::size_t route, int status, std::chrono::nanoseconds took) {
  Counts& counts = counts_[std::min(route, counts_.size() - 1)];
  ++counts.by_class[std::size_t(std::clamp(status / 100, 0, 5))];
  const double seconds = std::chrono::duration<double>(took).count();
  ++counts.by_time[std::size_t(std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin())];
  counts.nanoseconds += std::uint64_t(took.count());
}

std::string Metrics::text() const {
  std::string text;
  header(text, "vram_requests_total", "counter", "Requests answered, by route and class of status.");
  for (std::size_t i = 0; i < counts_.size(); ++i)
    for (std::size_t digit = 1; digit < counts_[i].by_class.size(); ++digit)
      if (const std::uint64_t count = counts_[i].by_class[digit])
        text += "vram_requests_total{route=\"" + routes_[i] + "\",status=\"" + std::to_string(digit) + "xx\"} " +
                std::to_string(count) + '\n';
  header(text, "vram_request_seconds", "histogram", "Time from the whole request to the whole answer.");
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    std::uint64_t below = 0;
    const std::string route = "{route=\"" + routes_[i] + "\"";
    for (std::size_t bound = 0; bound < counts_[i].by_time.size(); ++bound) {
      below += counts_[i].by_time[bound];
      const std::string limit = bound < kBounds.size() ? shortest(kBounds[bound]) : "+Inf";
      text += "vram_request_seconds_bucket" + route + ",le=\"" + limit + "\"} " + std::to_string(below) + '\n';
    }
    text += "vram_request_seconds_sum" + route + "} " + shortest(double(counts_[i].nanoseconds) / 1e9) + '\n';
    text += "vram_request_seconds_count" + route + "} " + std::to_string(below) + '\n';
  }
  header(text, "vram_connections", "gauge", "Connections that are open.");
  return text + "vram_connections " + std::to_string(connections_) + '\n';
}

}  // namespace vram::server
