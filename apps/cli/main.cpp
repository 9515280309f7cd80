#include <string>

#include "program.h"

int main(int argc, char** argv) {
  vram::cli::Call call;
  const std::string path = argc > 0 ? argv[0] : "vram-estimator";
  call.program = path.substr(path.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) call.words.emplace_back(argv[i]);
  call.detect = [] { return vram::Result<std::vector<vram::hardware::Gpu>>(std::vector<vram::hardware::Gpu>()); };
  return vram::cli::run(call);
}
