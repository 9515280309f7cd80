// The ImageWorks model registry on disk: where it lies, the models of its entries, and settings written back.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "options/request_form.h"
#include "readers/config_json.h"
#include "registry/prefill.h"
#include "registry/registry.h"
#include "registry/settings.h"

namespace vram::io {

/// The registry's file: the one given, else $VRAM_REGISTRY, else configs/model_registry.json here, else
/// model_registry.json among the user's files.
///   errors  kNotFound where none of them is there
Result<std::string> registry_file(const std::optional<std::string>& given);

/// errors  as read_file and registry::read_registry
Result<registry::Registry> load_registry(const std::string& file);

/// The first of the entry's candidates that can be read.
///   errors  kNotFound with what was tried
Result<std::shared_ptr<const ModelSource>> model_of(const registry::Entry& entry);

/// [{"name", "display_name", "backend", "quantization", "model_path", "context_window"}, …]
json::Value entries_json(const std::vector<const registry::Entry*>& entries);

/// "registry:NAME" -> NAME; nothing for another name.
std::optional<std::string> registry_name(const std::string& source);

struct Launch {
  std::shared_ptr<const ModelSource> model;
  json::Object args;            // vLLM's, of the entry's extra_args
  std::vector<Error> warnings;  // words of extra_args that this release does not take
};

/// What the entry serves with vLLM, and how.
///   errors  as model_of; kUnsupported for another backend
Result<Launch> launch_of(const registry::Entry& entry, const vllm::Engine& engine);

struct Applied {
  std::string diff;         // unified; empty where nothing had to change
  std::string backup;       // the file with the text as it was; empty where nothing was written
  std::string fingerprint;  // of the registry as it is now
};

/// Writes settings into an entry: under a lock, by way of a temporary file, never over what another process wrote
/// meanwhile. With `dry_run` only the difference is made out.
///   errors  as registry::with_settings, lock_file and write_file; kUnavailable where the file keeps changing
Result<Applied> apply_settings(const std::string& file, const std::string& name, const registry::Settings& settings,
                               bool dry_run);

/// Takes a change back: writes what `backup` holds over the registry, as apply_settings writes.
///
///   backup       as apply_settings answered it; no other file is read
///   fingerprint  of the registry as that left it
///   errors       kNotFound for another file; kRefused where the registry has changed since; as read_registry for a
///                backup that is none; as lock_file and write_file
Result<Applied> restore_backup(const std::string& file, const std::string& backup, const std::string& fingerprint);

}  // namespace vram::io
