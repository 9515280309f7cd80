#include <string>

#include "probe/detect.h"
#include "program.h"

int main(int argc, char** argv) {
  vram::cli::Call call;
  const std::string path = argc > 0 ? argv[0] : "vram-estimator";
  call.program = path.substr(path.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) call.words.emplace_back(argv[i]);
  call.detect = []() -> vram::Result<std::vector<vram::hardware::Gpu>> {
    auto found = vram::probe::detect(vram::probe::this_machine());
    if (!found) return found.error();
    return std::move(found->gpus);
  };
  return vram::cli::run(call);
}
