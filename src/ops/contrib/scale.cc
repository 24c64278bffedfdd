// Scale (experimental, in models of 2017 to 2019): x times attribute `scale`.
#include "ops/math/expression.h"

namespace webinfer::ops {
namespace {

void Expression(const Node& node, ScalarBuilder& s) { s.Return(s.In(0) * node.attributes.Float("scale", 1)); }

}  // namespace
}  // namespace webinfer::ops

WEBINFER_OP(Scale) { return {.name = "Scale", .expression = webinfer::ops::Expression}; }
