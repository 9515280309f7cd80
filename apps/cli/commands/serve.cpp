// serve: the same answers over HTTP.
#include <random>
#include <thread>

#include "arguments.h"
#include "command.h"
#include "io/hub_settings.h"
#include "io/registry.h"
#include "probe/detect.h"
#include "report/gpu_table.h"
#include "server/listener.h"
#include "session.h"
#include "units/text.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {{"--host", "ADDRESS", "Address to listen on (default: 127.0.0.1, this machine alone)"},
          {"--port", "N", "Port to listen on; 0: any that is free (default: 8000)"},
          {"--token", "TOKEN", "Asked of every caller; needed beyond this machine (default: $VRAM_TOKEN)"},
          {"--allow-host", "NAME[,NAME]", "Names under which callers may address it, beside localhost"},
          {"--allow-path", "FOLDER[,FOLDER]", "Folders whose models and logs a request may name (default: none)"},
          {"--registry", "FILE", "The ImageWorks registry to show and to write (default: as for `registry list`)"},
          {"--threads", "N", "Threads that answer (default: one for each core)"},
          {"--quiet", "", "No line for each call on standard error"}};
}

bool is_loopback(const std::string& host) { return host == "::1" || host.starts_with("127."); }

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t comma = std::min(list.find(',', at), list.size());
    if (comma > at) parts.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

/// 128 bits that nobody can guess, in hexadecimal.
std::string secret() {
  std::random_device source;
  std::string digits;
  for (int i = 0; i < 32; ++i) digits += "0123456789abcdef"[source() % 16];
  return digits;
}

Result<std::int64_t> number(const Arguments& arguments, const char* name, std::int64_t fallback, std::int64_t least,
                            std::int64_t most) {
  const auto text = arguments.text(name);
  if (!text) return fallback;
  const auto value = read_integer(*text);
  if (!value || *value < least || *value > most)
    return Error{ErrorCode::kBadInput, name,
                 "expected " + std::to_string(least) + " to " + std::to_string(most) + ", found \"" + *text + '"', ""};
  return *value;
}

Result<server::Guard> guard_of(const Arguments& arguments, const std::string& host) {
  server::Guard guard{{"localhost", "127.0.0.1", "[::1]"}, arguments.text("--token")};
  if (const char* token = std::getenv("VRAM_TOKEN"); token && *token && !guard.token) guard.token = token;
  if (!is_loopback(host) && !guard.token)
    return Error{ErrorCode::kBadInput, "--host", host + " is open to other machines", "give a --token too"};
  if (!is_loopback(host)) guard.hosts.push_back(host);
  for (std::string& name : split(arguments.text("--allow-host").value_or(""))) guard.hosts.push_back(lower(name));
  return guard;
}

/// What the page may ask this service for.
std::string abilities_of(const server::Services& services) {
  std::string words = "detect";
  if (io::registry_file(services.registry)) words += " registry";
  const auto hub = io::hub_settings(io::process_variable);
  if (hub && !hub->offline) words += " hub";
  if (!services.allowed.empty()) words += " paths";
  return words;
}

Result<server::Services> services_of(const Arguments& arguments, const Session& session) {
  server::Services services;
  io::Machine machine{session.detect, arguments.text("--registry")};
  services.registry = machine.registry;
  services.write_token = secret();
  services.detected = [] {
    const auto found = probe::detect(probe::this_machine());
    return found ? report::detected_gpus_json(found->gpus, found->warnings) : io::error_json(found.error());
  };
  for (const std::string& folder : split(arguments.text("--allow-path").value_or(""))) {
    auto real = server::real_folder(folder);
    if (!real) return real.error();
    services.allowed.push_back(*std::move(real));
  }
  services.abilities = abilities_of(services);
  machine.admit = [allowed = services.allowed](const std::string& source) { return server::admitted(source, allowed); };
  services.machines = std::make_shared<server::Machines>(std::move(machine));
  return services;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  server::Listen listen;
  listen.address = arguments.text("--host").value_or(listen.address);
  if (listen.address == "localhost") listen.address = "127.0.0.1";
  const auto port = number(arguments, "--port", listen.port, 0, 65535);
  if (!port) return port.error();
  const auto cores = std::int64_t(std::max(1u, std::thread::hardware_concurrency()));
  const auto threads = number(arguments, "--threads", cores, 1, 256);
  if (!threads) return threads.error();
  auto guard = guard_of(arguments, listen.address);
  if (!guard) return guard.error();
  auto services = services_of(arguments, session);
  if (!services) return services.error();
  listen.port = std::uint16_t(*port);
  listen.threads = unsigned(*threads);
  listen.log = !arguments.flag("--quiet");
  server::Application application(*std::move(services), *std::move(guard));
  const auto started = [&](std::uint16_t open) {
    const bool v6 = listen.address.find(':') != std::string::npos;
    session.terminal.say("listening on http://" + (v6 ? '[' + listen.address + ']' : listen.address) + ':' +
                         std::to_string(open));
  };
  if (auto error = server::listen(application, listen, started)) return *std::move(error);
  return kExitFits;
}

}  // namespace

extern const Command serve;
const Command serve{
    .name = "serve",
    .order = 80,
    .usage = "[options]",
    .summary = "The same answers over HTTP",
    .about =
        "Answers under /v1 what the commands answer; GET /openapi.json describes it. Bodies, headers, time and "
        "connections are bounded; files of this machine are out of reach but for --allow-path. Stops at Ctrl-C.",
    .options = options,
    .exit = "0 stopped, 2 the command is wrong or the port cannot be had.",
    .example = "serve --port 8080",
    .run = run,
};

}  // namespace vram::cli::commands
