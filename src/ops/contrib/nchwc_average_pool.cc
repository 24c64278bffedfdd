// com.microsoft.nchwc.AveragePool: AveragePool of images in blocks of channels.
#include "ops/contrib/nchwc.h"

WEBINFER_OP(Nchwc_AveragePool) {
  using namespace webinfer;
  return {.name = "AveragePool", .domain = "com.microsoft.nchwc", .lower = [](LowerContext& ctx, bool*) {
            return ops::LowerNchwc(ctx, "AveragePool");
          }};
}
