// The routes behind their guard: from a message to an answer, whatever carries both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/assets.h"
#include "server/metrics.h"
#include "server/route.h"
#include "server/schemas.h"
#include "server/services.h"

namespace vram::server {

/// Who may ask.
struct Guard {
  std::vector<std::string> hosts;    // names by which the service may be called, without port
  std::optional<std::string> token;  // asked of every call but /healthz: Authorization: Bearer …
};

class Application {
 public:
  Application(Services services, Guard guard);
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  /// The route of a method and a path; HEAD is answered by GET's. Nothing for a message that has none.
  [[nodiscard]] const Route* route_of(std::string_view method, std::string_view path) const;

  /// Whether the message may be answered at all: its Host, its Origin, its tokens. Nothing where it may.
  [[nodiscard]] std::optional<Answer> turned_away(const Incoming& message, const Route* route) const;

  /// The answer, of whichever route; errors are answers too.
  ///
  ///   reach  whom it may ask: with the hub it may have to wait
  [[nodiscard]] Answer answer(const Incoming& message, const Route* route, const io::Reach& reach) const;

  [[nodiscard]] const Services& services() const { return services_; }
  [[nodiscard]] Metrics& metrics() { return metrics_; }

 private:
  Services services_;
  Guard guard_;
  Metrics metrics_;
  Schemas schemas_;
  Front front_;
};

/// Compares in a time that tells nothing of where two secrets differ.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace vram::server
