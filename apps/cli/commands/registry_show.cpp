// registry show: what an entry says about its model, and where each figure came from.
#include "io/gguf_request.h"
#include "json/write.h"
#include "registry_entry.h"
#include "report/table.h"
#include "units/text.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {registry_option(), {"--json", "", "For programs: the same as one JSON object"}};
}

struct Named {
  const char* name;
  const std::optional<registry::Figure>& figure;
};

std::vector<Named> named(const registry::Prefill& prefill) {
  return {{"params_billion", prefill.params_billion},
          {"layers", prefill.layers},
          {"kv_heads", prefill.kv_heads},
          {"head_dim", prefill.head_dim},
          {"context_tokens", prefill.context_tokens},
          {"vision_gib", prefill.vision_gib}};
}

json::Value shown_json(const registry::Entry& entry, const registry::Prefill& prefill, const std::string& model) {
  json::Object figures, whole;
  for (const Named& each : named(prefill)) {
    if (!each.figure) continue;
    json::Object figure;
    figure.set("value", json::Value(each.figure->value));
    figure.set("from", json::Value(each.figure->from));
    figures.set(each.name, json::Value(std::move(figure)));
  }
  const auto list = [](const std::vector<std::string>& words) {
    return json::Value(json::Array(words.begin(), words.end()));
  };
  whole.set("name", json::Value(entry.name));
  whole.set("backend", json::Value(entry.backend_name));
  whole.set("model", model.empty() ? json::Value() : json::Value(model));
  whole.set("extra_args", list(registry::shown_arguments(entry)));
  whole.set("quant", json::Value(prefill.quant));
  whole.set("kv_dtype", json::Value(prefill.kv_dtype));
  whole.set("figures", json::Value(std::move(figures)));
  whole.set("missing", list(prefill.missing()));
  return json::Value(std::move(whole));
}

std::string shown_text(const registry::Entry& entry, const registry::Prefill& prefill, const std::string& model,
                       int width) {
  std::string launch;
  for (const std::string& word : registry::shown_arguments(entry)) launch += (launch.empty() ? "" : " ") + word;
  std::string text =
      entry.name + ", served by " + entry.backend_name + "\n\n" + report::wrapped("Model: " + model, width, "  ") +
      '\n' + report::wrapped("Launch: " + (launch.empty() ? "without arguments" : launch), width, "  ") + "\n\n";
  std::vector<std::vector<std::string>> rows = {{"quant", prefill.quant, "quantization"},
                                                {"kv_dtype", prefill.kv_dtype, ""}};
  for (const Named& each : named(prefill))
    rows.push_back(
        {each.name, each.figure ? python_float(each.figure->value) : "-", each.figure ? each.figure->from : "missing"});
  static constexpr report::Column kColumns[] = {{"Figure"}, {"Value", true}, {"From"}};
  return text + report::table(kColumns, rows, width);
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto entry = read_entry(arguments, arguments.word().value_or(""));
  if (!entry) return entry.error();
  registry::Prefill prefill = registry::prefill(*entry);
  const auto model = io::model_of(*entry);
  if (model) take_config(prefill, **model);
  // A model of Ollama is a file in its store.
  const auto gguf = io::find_gguf("registry:" + entry->name, {{}, arguments.text("--registry"), {}});
  const std::string found = model ? (*model)->place : gguf && *gguf ? (*gguf)->file : "";
  session.terminal.print(arguments.flag("--json")
                             ? json::write_pretty(shown_json(*entry, prefill, found)) + '\n'
                             : shown_text(*entry, prefill, found.empty() ? model.error().problem : found,
                                          session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace

extern const Command registry_show;
const Command registry_show{
    .name = "registry show",
    .order = 72,
    .usage = "NAME [options]",
    .summary = "One entry: its model, its launch, its figures and where each came from",
    .about =
        "Shows what the registry says about entry NAME. Where its model can be read, the model's own config is "
        "taken for layers, heads and head size.",
    .word = "NAME",
    .options = options,
    .exit = "0 shown, 2 there is no such entry or the registry cannot be read.",
    .example = "registry show my-model --registry model_registry.json",
    .run = run,
};

}  // namespace vram::cli::commands
