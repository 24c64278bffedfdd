// ImageDecoder (ONNX 20): an image file as [height, width, channels]. A file that cannot be decoded is an empty matrix.
#include <utility>

#include "ops/image/image_codecs.h"
#include "ops/op.h"

namespace webinfer::ops {

namespace {

DecodeImage installed = nullptr;

struct Format {
  int channels;
  bool reversed;
};

Result<Format> ReadFormat(const InferContext& ctx) {
  const std::string_view name = ctx.attributes().String("pixel_format", "RGB");
  if (name == "RGB") return Format{3, false};
  if (name == "BGR") return Format{3, true};
  if (name == "Grayscale") return Format{1, false};
  return Error(Code::kInvalidModel, "The pixel format is unknown")
      .Expected("RGB, BGR or Grayscale")
      .Actual("%.40s", std::string(name).c_str());
}

Status Infer(InferContext& ctx) {
  WEBINFER_ASSIGN(const Format format, ReadFormat(ctx));
  WEBINFER_TRY(ctx.ExpectRank(0, 1));
  if (ctx.In(0).dtype != DType::kUint8 && ctx.In(0).dtype != DType::kUndefined) {
    return Error(Code::kTypeMismatch, "An image file is bytes").Expected("uint8").Actual("%s", DTypeName(ctx.In(0).dtype));
  }
  return ctx.SetOutput(0, DType::kUint8, {kUnknownDim, kUnknownDim, format.channels});
}

class OutputTarget final : public ImageTarget {
 public:
  OutputTarget(RunContext& run, Operand& out, int channels) : run_(run), out_(out), channels_(channels) {}
  Result<uint8_t*> Place(int64_t height, int64_t width) override {
    WEBINFER_TRY(run_.Resize(out_, DType::kUint8, {height, width, channels_}));
    return out_.As<uint8_t>();
  }

 private:
  RunContext& run_;
  Operand& out_;
  int channels_;
};

Status Kernel(const Step& step, RunContext& run) {
  const auto& format = step.Params<Format>();
  if (installed == nullptr) {
    return Error(Code::kUnsupported, "ImageDecoder has no decoders here").Hint("Embedders install them with SetImageCodecs.");
  }
  OutputTarget target(run, step.out[0], format.channels);
  const Status decoded = installed({step.in[0].As<uint8_t>(), static_cast<size_t>(step.in[0].bytes())}, format.channels, target);
  if (decoded.code() == Code::kInvalidArgument || decoded.code() == Code::kUnsupported) {
    return target.Place(0, 0).status();
  }
  WEBINFER_TRY(decoded);
  if (!format.reversed) return OkStatus();
  uint8_t* pixel = step.out[0].As<uint8_t>();
  for (int64_t left = step.out[0].elements() / 3; left > 0; --left, pixel += 3) std::swap(pixel[0], pixel[2]);
  return OkStatus();
}

Status Bind(BindContext& ctx) {
  WEBINFER_ASSIGN(Format * format, ctx.Params<Format>());
  WEBINFER_ASSIGN(*format, ReadFormat(ctx));
  ctx.SetKernel(Kernel);
  return OkStatus();
}

}  // namespace

void SetImageCodecs(DecodeImage decode) { installed = decode; }

}  // namespace webinfer::ops

// Never folded: decoders may come after the session.
WEBINFER_OP(ImageDecoder) {
  return {
      .name = "ImageDecoder", .since = 20, .infer = webinfer::ops::Infer, .bind = webinfer::ops::Bind, .deterministic = false};
}
