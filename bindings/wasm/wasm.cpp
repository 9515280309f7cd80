// The engine for the page: a question's name and its JSON in, one line of JSON out.
#include <cstdlib>
#include <cstring>
#include <span>

#include "io/questions.h"
#include "json/write.h"
#include "opened_files.h"

namespace vram::readers {
void give_models(std::string_view lines);
}

#define VRAM_EXPORT(name) extern "C" __attribute__((export_name(#name), used))

/// Memory for a text that the page hands in; it frees it itself.
VRAM_EXPORT(vram_alloc) char* vram_alloc(std::size_t size) { return static_cast<char*>(std::malloc(size)); }
VRAM_EXPORT(vram_free) void vram_free(char* text) { std::free(text); }

namespace {

/// One line of JSON, ended by NUL.
char* handed_out(const vram::json::Value& value) {
  const std::string line = vram::json::write_line(value);
  char* copy = vram_alloc(line.size() + 1);
  if (copy) std::memcpy(copy, line.c_str(), line.size() + 1);
  return copy;
}

}  // namespace

/// The catalogue of models, to be given once: models.txt, which the module keeps.
VRAM_EXPORT(vram_models) void vram_models(const char* text, std::size_t size) {
  vram::readers::give_models({text, size});
}

/// The answer to the question named by the first `name_size` bytes of `text` with the rest as its JSON, as
/// io::answer; ends in NUL and is the caller's to free. A page sees no GPU.
VRAM_EXPORT(vram_answer) char* vram_answer(const char* text, std::size_t name_size, std::size_t size) {
  const vram::io::Machine none{[] { return vram::Result(std::vector<vram::hardware::Gpu>()); }};
  const std::string_view all(text, size);
  return handed_out(vram::io::answer(all.substr(0, name_size), all.substr(name_size), none));
}

/// Opens the GGUF file named by the first `name_size` bytes of `text`, whose first bytes are the rest, of `whole` in
/// all; answers io::open_file's line, which ends in NUL and is the caller's to free.
VRAM_EXPORT(vram_open) char* vram_open(const char* text, std::size_t name_size, std::size_t size, double whole) {
  const std::string name(text, name_size);
  const auto front = std::as_bytes(std::span(text + name_size, size - name_size));
  return handed_out(vram::io::open_file(name, front, vram::Bytes(std::int64_t(whole))));
}
