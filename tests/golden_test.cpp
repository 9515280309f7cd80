#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "arch/build.h"
#include "json/fields.h"
#include "json/write.h"
#include "memory/weights.h"

using namespace vram;

static std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

int main(int argc, char** argv) {
  const std::string root = argv[1];
  std::map<std::string, std::pair<int, int>> table;
  for (int a = 2; a < argc; ++a) {
    std::ifstream in(argv[a]);
    std::string line;
    while (std::getline(in, line)) {
      auto v = json::parse(line, "golden");
      const std::string name = *v->find("config")->string();
      auto text = slurp(root + "/configs/" + name + ".json");
      if (text.empty()) text = slurp(root + "/golden/configs/" + name + ".json");
      auto src = read_config_json(text, name, name);
      if (!src) {
        std::cout << src.error().sentence() << "\n";
        continue;
      }
      auto& row = table[src->architecture];
      ++row.second;
      const auto* expect = v->find("weights_bytes_per_rank");
      const auto* derived = v->find("derived");
      if (!expect || !derived) {
        --row.second;
        continue;
      }
      arch::BuildOptions o;
      o.dtype = *read_dtype(*derived->find("dtype")->string());
      auto model = arch::build(*src, o);
      if (!model) continue;
      memory::Parallel p;
      const json::Fields d(*v->find("deployment"), "deployment");
      p.tensor = d.count_or("tensor_parallel_size", 1);
      p.pipeline = d.count_or("pipeline_parallel_size", 1);
      auto stages = memory::pipeline_stages(std::int64_t(model->layers.size()), p, {2026, 11, 1});
      auto w = memory::weigh(*model, p, (*stages)[0], {{2026, 11, 1}, 90}, {});
      if (w && w->total().count() == *expect->integer())
        ++row.first;
      else if (w)
        std::cout << *v->find("id")->string() << " " << name << " " << json::write_line(*v->find("deployment")) << " "
                  << w->total().count() << " expected " << *expect->integer() << "\n";
    }
  }
  for (auto& [k, r] : table) std::cout << k << " " << r.first << "/" << r.second << "\n";
}
