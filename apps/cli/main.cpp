#include <optional>
#include <string>

#include "program.h"

int main(int argc, char** argv) {
  vram::cli::Call call;
  const std::string path = argc > 0 ? argv[0] : "vram-estimator";
  call.program = path.substr(path.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) call.words.emplace_back(argv[i]);
  call.first_gpu = [] { return std::optional<vram::hardware::Gpu>(); };
  return vram::cli::run(call);
}
