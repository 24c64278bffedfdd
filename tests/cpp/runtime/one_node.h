// A model of one node, from its bytes to its results: OneNode(21, "Relu").In<float>({2}, {-1, 1}).Run().
#pragma once

#include "formats/onnx/reader.h"
#include "formats/proto_writer.h"
#include "ops/run_op.h"
#include "runtime/session.h"

namespace webinfer::testing {

inline auto Near(std::vector<float> values) { return ::testing::Pointwise(::testing::FloatNear(1e-5f), std::move(values)); }

// Inputs are given in order; all their sizes are symbols in the model.
class OneNode {
 public:
  OneNode(int opset, std::string op, std::string domain = "") : opset_(opset), op_(std::move(op)), domain_(std::move(domain)) {}
  template <typename T>
  OneNode& In(const Shape& shape, std::initializer_list<T> values) {
    return In(MakeTensor<T>(shape, values));
  }
  OneNode& In(Tensor tensor) {
    names_.push_back("x" + std::to_string(tensors_.size()));
    return Beside(std::move(tensor));
  }
  // An input of the model that only bodies read: "x" and how many inputs there were before.
  OneNode& Beside(Tensor tensor) {
    const std::string name = "x" + std::to_string(tensors_.size());
    std::vector<test::Dim> dims(static_cast<size_t>(tensor.shape.rank()), test::Dim("n"));
    for (size_t i = 0; i < dims.size(); ++i) dims[i].name += std::to_string(i) + name;
    parts_.inputs.push_back(test::ValueInfo(name, tensor.dtype, dims));
    tensors_.push_back(std::move(tensor));
    return *this;
  }
  OneNode& Without() {
    names_.emplace_back();
    return *this;
  }
  OneNode& With(test::Proto attribute) {
    attributes_.push_back(std::move(attribute));
    return *this;
  }

  void Run(size_t outputs = 1) {
    std::vector<std::string> results;
    for (size_t i = 0; i < outputs; ++i) results.push_back("y" + std::to_string(i));
    parts_.nodes.push_back(test::NodeProto(op_, names_, results, attributes_, domain_));
    for (const std::string& name : results) parts_.outputs.push_back(test::Proto().Bytes(onnx::value_info_field::kName, name));
    const std::string bytes = test::ModelProto(test::GraphProto(parts_), opset_, {}, 3).str();
    OnnxReader reader(bytes.size());
    ASSERT_TRUE(reader.Push({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}).ok());
    Result<std::unique_ptr<Model>> model = reader.Finish();
    ASSERT_TRUE(model.ok()) << op_ << ": " << LastError().message;
    Result<std::unique_ptr<Session>> session = Session::Create(std::move(*model), SessionOptions());
    ASSERT_TRUE(session.ok()) << op_ << ": " << LastError().message;
    session_ = std::move(*session);
    for (size_t i = 0; i < tensors_.size(); ++i) {
      ASSERT_TRUE(session_->Feed(static_cast<int>(i), tensors_[i].view()).ok()) << op_ << ": " << LastError().message;
    }
    ASSERT_TRUE(session_->Run().ok()) << op_ << ": " << LastError().message;
  }
  template <typename T = float>
  std::vector<T> Out(int i = 0) {
    if (session_ == nullptr) return {};
    const Operand& y = session_->Output(i);
    EXPECT_EQ(y.dtype, DTypeOf<T>()) << op_;
    return std::vector<T>(y.As<T>(), y.As<T>() + y.elements());
  }
  std::vector<std::string> OutStrings(int i = 0) {
    std::vector<std::string> strings;
    if (session_ == nullptr) return strings;
    const Operand& y = session_->Output(i);
    EXPECT_EQ(y.dtype, DType::kString) << op_;
    for (int64_t k = 0; k < y.elements(); ++k) strings.emplace_back(y.As<const StringData*>()[k]->view());
    return strings;
  }
  // The bytes of an output of any type.
  std::vector<uint8_t> OutBytes(int i = 0) {
    if (session_ == nullptr) return {};
    const Operand& y = session_->Output(i);
    return std::vector<uint8_t>(y.As<uint8_t>(), y.As<uint8_t>() + y.bytes());
  }
  std::vector<int64_t> OutShape(int i = 0) {
    if (session_ == nullptr) return {};
    const Shape& shape = session_->Output(i).shape;
    return std::vector<int64_t>(shape.begin(), shape.end());
  }

 private:
  int opset_;
  std::string op_, domain_;
  std::vector<std::string> names_;
  std::vector<Tensor> tensors_;
  std::vector<test::Proto> attributes_;
  test::GraphParts parts_;
  std::unique_ptr<Session> session_;
};

}  // namespace webinfer::testing
