#include "server/application.h"

#include <algorithm>

#include "io/questions.h"
#include "json/write.h"
#include "server/assets.h"
#include "server/openapi.h"
#include "units/text.h"

namespace vram::server {
namespace {

std::vector<std::string> paths() {
  std::vector<std::string> all;
  for (const Route& route : routes()) all.push_back(std::string(route.method) + ' ' + std::string(route.path));
  return all;
}

/// "[::1]:8000" -> "[::1]"
std::string_view without_port(std::string_view host) {
  const std::size_t bracket = host.rfind(']'), colon = host.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) return host;
  return host.substr(0, colon);
}

std::string methods_of(std::string_view path) {
  std::string methods;
  for (const Route& route : routes())
    if (route.path == path) {
      methods += (methods.empty() ? "" : ", ") + std::string(route.method);
      if (route.method == "GET") methods += ", HEAD";
    }
  return methods;
}

Answer without_route(std::string_view path) {
  const std::string methods = methods_of(path);
  if (methods.empty()) return refusal(404, "not_found", "there is nothing here; GET /openapi.json lists what there is");
  Answer answer = refusal(405, "bad_input", "this path takes " + methods);
  answer.allow = methods;
  return answer;
}

/// A parameter that a route does not have is a mistake, as an unknown member of a body is.
std::optional<Error> unknown_parameter(const Query& query, const Route& route) {
  for (const auto& [name, value] : query.all())
    if (name != route.parameter || name.empty())
      return Error{ErrorCode::kBadInput, "query", '"' + name + "\" is not a parameter of this path", ""};
  return std::nullopt;
}

std::optional<Error> missing_parameter(const Query& query, const Route& route) {
  if (!route.parameter_needed || query.find(route.parameter)) return std::nullopt;
  return Error{ErrorCode::kBadInput, "query", '"' + std::string(route.parameter) + "\" is missing", ""};
}

const Asset* asset_of(const Incoming& message) {
  if (message.method != "GET" && message.method != "HEAD") return nullptr;
  const std::string_view path = message.path() == "/" ? kFront : message.path();
  const auto all = assets();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.path == path; });
  return found == all.end() ? nullptr : &*found;
}

/// Whether a list such as "gzip, br;q=0.5" holds the encoding, and not with a weight of nothing.
bool accepts(std::string_view list, std::string_view encoding) {
  while (!list.empty()) {
    std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    const std::string_view weight = one.substr(std::min(one.find(';'), one.size()));
    if (lower(one.substr(0, one.find_first_of("; "))) == encoding)
      return weight.empty() || weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

Answer answer_front(const Front& front, const Incoming& message) {
  Answer answer{.type = "text/html; charset=utf-8", .body = {}, .tag = front.tag};
  if (message.if_none_match.find(front.tag) != std::string::npos)
    answer.status = 304;
  else
    answer.body = front.text;
  return answer;
}

Answer answer_asset(const Asset& asset, const Incoming& message) {
  Answer answer{.type = std::string(media_type(asset.path)),
                .body = {},
                .tag = std::string(asset.tag),
                .lasting = asset.path.starts_with("/assets/")};
  const bool brotli = !asset.brotli.empty() && accepts(message.accept_encoding, "br");
  if (!brotli && !accepts(message.accept_encoding, "gzip"))
    return refusal(406, "bad_input", "the page is sent compressed; accept gzip (curl --compressed)");
  if (message.if_none_match.find(asset.tag) != std::string::npos) {
    answer.status = 304;
    return answer;
  }
  answer.encoding = brotli ? "br" : "gzip";
  answer.body = brotli ? asset.brotli : asset.gzipped;
  return answer;
}

Answer answer_call(const Call& call, const Route& route) {
  const io::Question* question = io::find_question(route.question);
  return question ? answer_of(question->answer(call.body, call.machine)) : route.run(call);
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= (unsigned char)(a[i] ^ b[i % std::max<std::size_t>(b.size(), 1)]);
  return difference == 0 && !b.empty();
}

Application::Application(Services services, Guard guard)
    : services_(std::move(services)),
      guard_(std::move(guard)),
      metrics_(paths()),
      front_(front_page(services_.abilities)) {
  services_.metrics = [this] { return metrics_.text(); };
  services_.description = json::write_line(openapi(schemas_));
}

const Route* Application::route_of(std::string_view method, std::string_view path) const {
  if (method == "HEAD") method = "GET";
  for (const Route& route : routes())
    if (route.path == path && route.method == method) return &route;
  return nullptr;
}

std::optional<Answer> Application::turned_away(const Incoming& message, const Route* route) const {
  const std::string host = lower(without_port(message.host));
  if (std::find(guard_.hosts.begin(), guard_.hosts.end(), host) == guard_.hosts.end())
    return refusal(421, "bad_input", "this service does not answer to that Host; add it with --allow-host");
  // A page of another site may not ask in its visitor's name.
  if (!message.origin.empty() && lower(message.origin) != "http://" + lower(message.host) &&
      lower(message.origin) != "https://" + lower(message.host))
    return refusal(403, "refused", "calls from pages of another origin are not answered");
  const bool open = route ? route->open : asset_of(message) != nullptr;
  if (guard_.token && !open) {
    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view given = message.authorization;
    if (!given.starts_with(kBearer) || !same_secret(given.substr(kBearer.size()), *guard_.token))
      return refusal(401, "refused", "give the service's token as Authorization: Bearer TOKEN");
  }
  if (route && route->writes && !same_secret(message.write_token, services_.write_token))
    return refusal(403, "refused", "writing needs the X-Write-Token that GET /v1/session answers");
  return std::nullopt;
}

Answer Application::answer(const Incoming& message, const Route* route, const io::Reach& reach) const {
  if (!route)
    if (const Asset* asset = asset_of(message))
      return asset->path == kFront ? answer_front(front_, message) : answer_asset(*asset, message);
  if (!route) return without_route(message.path());
  const std::string_view target = message.target;
  const std::size_t mark = target.find('?');
  const auto query = Query::read(mark == std::string_view::npos ? "" : target.substr(mark + 1));
  if (!query) return malformed(query.error());
  if (auto error = unknown_parameter(*query, *route)) return malformed(*error);
  if (auto error = missing_parameter(*query, *route)) return malformed(*error);
  const auto machine = services_.machines->take(reach);
  if (route->request.empty()) return answer_call({*query, {}, message.body, *machine, services_, message.left}, *route);
  const io::Question* question = io::find_question(route->question);
  const std::string place(question ? question->place : "body");
  const auto body = io::read_question(message.body, place, route->most_body);
  if (!body) return malformed(body.error());
  const auto violation = schemas_.violation(route->request, *body, place);
  if (violation && route->writes) return malformed(*violation);
  Answer answer = answer_call({*query, *body, message.body, *machine, services_, message.left}, *route);
  // In the command's own words, where it has some.
  if (violation && answer.status < 400) return malformed(*violation);
  if (violation && answer.status == 409) answer.status = 400;
  return answer;
}

}  // namespace vram::server
