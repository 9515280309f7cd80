// A question about a GGUF file: which file a name stands for, and everything around it.
#pragma once

#include <optional>
#include <string>

#include "io/answer.h"
#include "io/hub_gguf.h"
#include "io/ollama.h"
#include "llamacpp/plan.h"
#include "options/request_form.h"

namespace vram::io {

/// The file that is asked about, with what goes with it.
struct GgufSource {
  std::string file;                   // on this machine; empty where it is a hub's
  std::optional<GgufName> remote;     // of a hub
  std::optional<OllamaModel> ollama;  // where Ollama serves it
  json::Object args;                  // of a registry entry's launch
};

/// What the name stands for: a GGUF file here, "ollama:NAME" (of a store here, or "ollama:hf.co/…" of the hub where the
/// machine may ask it), "registry:NAME" of an entry that Ollama serves, or a GGUF
/// file of a hub as read_gguf_name reads it, which is not asked yet. Nothing for another name.
///
///   errors  as find_ollama; as llamacpp::read_words for an entry's launch
Result<std::optional<GgufSource>> find_gguf(const std::string& source, const Machine& machine);

/// Why vLLM's own launch of the name does not start, where it is a GGUF file here or a hub's with a tag; nothing for
/// another name.
///
///   returns  kRefused with vLLM's words, of the releases that leave GGUF to a plugin; kUnsupported, of those that
///   serve
///            it themselves
std::optional<Error> gguf_in_vllm(const std::string& source, const vllm::Engine& engine);

/// Its metadata and tensors.
///
///   errors  as load_gguf and hub_gguf; kNotFound where it is a hub's and none may be asked
Result<gguf::File> load_source(const GgufSource& source, const Reach& reach);

/// The request about what find_gguf found; the form's own arguments win.
///
///   errors  kNotFound where it names no GGUF file; as find_gguf, load_source, llamacpp::describe and
///           llamacpp::read_settings; as io::complete for the GPU
Result<llamacpp::Request> complete_gguf(const options::RequestForm& form, const Machine& machine);

/// The same of files that are loaded already.
Result<llamacpp::Request> complete_loaded(const options::RequestForm& form, llamacpp::Settings settings,
                                          const HubGguf& loaded, const Machine& machine);

/// What a page shows of it: {"sentence", "report"}; nothing where the form names no GGUF file. Errors as gguf_answer.
Result<std::optional<json::Value>> gguf_page(const options::RequestForm& form, const Machine& machine);

/// The report about it; nothing where the form names no GGUF file.
///
///   errors  as complete_gguf; as llamacpp::plan
Result<std::optional<json::Value>> gguf_answer(const options::RequestForm& form, const Machine& machine);

}  // namespace vram::io
