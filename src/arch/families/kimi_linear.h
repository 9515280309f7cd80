#pragma once

#include "arch/builder.h"
#include "arch/families.h"

namespace vram::arch::families {

/// The language model of Kimi-Linear and Kimi-K3.
void describe_kimi_linear(Builder& builder, const Naming& naming);

/// The layers that Kimi-K3 keeps for drafting.
void describe_kimi_draft(Builder& builder, const Naming& naming);

}  // namespace vram::arch::families
