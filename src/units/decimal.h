// Doubles to decimals and back, without a locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vram {

/// "%.{decimals}f". Not for NaN or infinities.
std::string fixed(double number, int decimals);

/// The shortest decimal that reads back as `number`, as Python's repr: 0.92, 1e+16, 5.0. Not for NaN or infinities.
std::string python_float(double number);

/// The double nearest to the decimal that spans all of `text`; nothing when it is none.
std::optional<double> decimal(std::string_view text);

}  // namespace vram
