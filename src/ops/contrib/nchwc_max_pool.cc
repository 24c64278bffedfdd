// com.microsoft.nchwc.MaxPool: MaxPool of images in blocks of channels.
#include "ops/contrib/nchwc.h"

WEBINFER_OP(Nchwc_MaxPool) {
  using namespace webinfer;
  return {.name = "MaxPool", .domain = "com.microsoft.nchwc", .lower = [](LowerContext& ctx, bool*) {
            return ops::LowerNchwc(ctx, "MaxPool");
          }};
}
