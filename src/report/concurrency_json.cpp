#include "report/concurrency_json.h"

namespace vram::report {

using json::Value;

Value concurrency_json(const plan::Concurrency& concurrency) {
  json::Array by_context, by_requests;
  for (const plan::RequestsAt& at : concurrency.by_context) {
    json::Object object;
    object.set("context_tokens", Value(at.context.count()));
    object.set("requests", Value(at.requests));
    object.set("interval", Value(json::Array{Value(at.low), Value(at.high)}));
    by_context.emplace_back(std::move(object));
  }
  for (const plan::ContextAt& at : concurrency.by_requests) {
    json::Object object;
    object.set("requests", Value(at.requests));
    object.set("context_tokens", Value(at.tokens.count()));
    object.set("interval", Value(json::Array{Value(at.low.count()), Value(at.high.count())}));
    by_requests.emplace_back(std::move(object));
  }
  json::Object object;
  object.set("limit_tokens", Value(concurrency.limit.count()));
  object.set("by_context", Value(std::move(by_context)));
  object.set("by_requests", Value(std::move(by_requests)));
  return Value(std::move(object));
}

}  // namespace vram::report
