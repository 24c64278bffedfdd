#pragma once

#include "passes/editor.h"

namespace webinfer {

// Nodes that compute the same of the same inputs become one, the first of them.
void MergeCommonSubexpressions(Editor& editor);

}  // namespace webinfer
