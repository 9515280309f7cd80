// What a function that can be given bad input answers: a value or one sentence about the input.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace vram {

enum class ErrorCode {
  kBadInput,     // what was given is not what it claims to be
  kTooLarge,     // over a limit of ours
  kUnsupported,  // understood, but not modelled
  kNotFound,     // nothing has that name
  kUnavailable,  // a driver, a server or a file did not answer
  kRefused,      // vLLM itself would refuse it; `problem` is its message, word for word
};

/// One sentence in four parts: `place: problem; hint`.
struct Error {
  ErrorCode code = ErrorCode::kBadInput;
  std::string place;    // config.json: "num_key_value_heads"
  std::string problem;  // expected a positive integer, found "eight"
  std::string hint;     // what the reader can do next; may be empty

  [[nodiscard]] std::string sentence() const {
    std::string text = place.empty() ? problem : place + ": " + problem;
    if (!hint.empty()) text += "; " + hint;
    return text;
  }
};

/// A value or an Error: the shape of std::expected, for compilers that lack it.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  const T& operator*() const& { return *std::get_if<0>(&state_); }
  T& operator*() & { return *std::get_if<0>(&state_); }
  T&& operator*() && { return std::move(*std::get_if<0>(&state_)); }
  const T* operator->() const { return std::get_if<0>(&state_); }
  T* operator->() { return std::get_if<0>(&state_); }
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace vram
