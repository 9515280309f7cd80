// vllm-yaml: the file of `vllm serve --config FILE`.
//
// source  vllm v0.9.2 to v0.33.0 FlexibleArgumentParser.load_config_file: what is false is not passed on by older
//         releases, and an object not as JSON, so the first is written as its negation and the second as a text
#include <algorithm>

#include "json/write.h"
#include "report/formats.h"
#include "report/launch.h"
#include "report/yaml.h"

namespace vram::report::formats {

extern const Entry vllm_yaml;

namespace {

std::string write(const Answered& answered) {
  json::Object file;
  file.set("model", json::Value(answered.request.model->name));
  for (const auto& [name, value] : answered.request.args.members()) {
    std::string dashed = name;
    std::ranges::replace(dashed, '_', '-');
    const bool* on = value.boolean();
    if (on && !*on)
      file.set("no-" + dashed, json::Value(true));
    else if (value.object())
      file.set(dashed, json::Value(json::write_line(value)));
    else if (!value.is_null())
      file.set(dashed, value);
  }
  return refusal_comment(answered.report) + yaml(json::Value(std::move(file)));
}

}  // namespace

const Entry vllm_yaml{"vllm-yaml", "the file of vllm serve --config", write};

}  // namespace vram::report::formats
