// TensorProto and SparseTensorProto -> Tensor: every data form, every element type, nothing believed.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "formats/onnx/budget.h"
#include "formats/onnx/reader.h"
#include "formats/wire/protobuf.h"
#include "tensor/tensor.h"

namespace webinfer::onnx {

using Bytes = std::span<const uint8_t>;

struct NamedTensor {
  std::string_view name;
  std::shared_ptr<const Tensor> tensor;
};

class TensorReader {
 public:
  // `data` is what a ProtoSplitter moved out of the messages; buffers are taken from it. String elements live in `strings`.
  TensorReader(std::vector<Buffer>& data, StringPool& strings, Budget& budget, std::vector<ExternalTensor>& external,
               OnnxContent content = OnnxContent::kAll)
      : data_(data), strings_(strings), budget_(budget), external_(external), content_(content) {}

  Result<NamedTensor> Read(Bytes proto);
  Result<NamedTensor> ReadSparse(Bytes proto);

 private:
  struct Header;

  Status ReadHeader(Bytes proto, Header* header) const;
  // The bytes of the field the reader stands on, wherever they are.
  Bytes DataOf(const ProtoReader& reader) const;
  template <typename OnBytes, typename OnInteger>
  Status VisitData(Bytes proto, const Header& header, OnBytes on_bytes, OnInteger on_integer) const;
  // Whether the elements were passed over.
  bool LeftOut(const Header& header) const;
  bool TakeBuffer(const Header& header, Tensor* tensor);
  Status ReadExternal(const Header& header, Tensor* tensor);
  Status ReadStrings(Bytes proto, const Header& header, Tensor* tensor);
  Status CopyData(Bytes proto, const Header& header, Tensor* tensor) const;

  std::vector<Buffer>& data_;
  // What became of each of data_: a function's constants are read again at every call.
  std::vector<std::shared_ptr<const Tensor>> read_;
  StringPool& strings_;
  Budget& budget_;
  std::vector<ExternalTensor>& external_;
  OnnxContent content_;
};

}  // namespace webinfer::onnx
