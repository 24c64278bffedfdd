// com.microsoft.nchwc.GlobalAveragePool: GlobalAveragePool of images in blocks of channels.
#include "ops/contrib/nchwc.h"

WEBINFER_OP(Nchwc_GlobalAveragePool) {
  using namespace webinfer;
  return {.name = "GlobalAveragePool", .domain = "com.microsoft.nchwc", .lower = [](LowerContext& ctx, bool*) {
            return ops::LowerNchwc(ctx, "GlobalAveragePool");
          }};
}
