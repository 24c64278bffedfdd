// com.microsoft.nchwc.GlobalMaxPool: GlobalMaxPool of images in blocks of channels.
#include "ops/contrib/nchwc.h"

WEBINFER_OP(Nchwc_GlobalMaxPool) {
  using namespace webinfer;
  return {.name = "GlobalMaxPool", .domain = "com.microsoft.nchwc", .lower = [](LowerContext& ctx, bool*) {
            return ops::LowerNchwc(ctx, "GlobalMaxPool");
          }};
}
