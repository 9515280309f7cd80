// Small damage to a good input, the same on every machine: a reader answers a value or an Error, whatever it is given.
#pragma once

#include <cstdint>
#include <string>

namespace vram::tests {

class Mutations {
 public:
  explicit Mutations(std::string good) : good_(std::move(good)) {}

  /// One to four bytes changed, taken out, doubled or cut off.
  std::string next() {
    std::string text = good_;
    for (std::uint64_t times = 1 + draw(4); times > 0 && !text.empty(); --times) damage(text);
    return text;
  }

 private:
  std::uint64_t draw(std::uint64_t below) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % below;
  }

  void damage(std::string& text) {
    static constexpr char kTelling[] = "{}[]\",:\\u0019e-+.\xff\x80\n";
    const std::size_t at = draw(text.size());
    switch (draw(6)) {
      case 0:
        text[at] = char(draw(256));
        break;
      case 1:
        text[at] = kTelling[draw(sizeof kTelling)];
        break;
      case 2:
        text.erase(at, 1 + draw(8));
        break;
      case 3:
        text.insert(at, text.substr(draw(text.size()), 1 + draw(40)));
        break;
      case 4:
        text.insert(at, 1 + draw(30), kTelling[draw(sizeof kTelling)]);
        break;
      default:
        text.resize(at);
    }
  }

  std::string good_;
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

}  // namespace vram::tests
