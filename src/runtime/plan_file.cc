#include "runtime/plan_file.h"

#include <map>
#include <utility>

#include "kernels/int8_gemm.h"
#include "ops/op.h"

namespace webinfer {

namespace {

constexpr uint32_t kMagic = 0x4e4c5057;  // "WPLN"
constexpr uint32_t kFormat = 1;          // counts up with every change of what is written here
constexpr uint32_t kNone = UINT32_MAX;
constexpr int kDeepestBody = 64;

uint64_t HashText(std::string_view text) { return HashBytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); }

// Packed weights of 8 bits are made for what the machine's dot product does with them.
uint64_t IdentityHash(std::string_view identity) { return HashText(identity) + static_cast<uint64_t>(kernels::ProbeInt8Dot()); }

uint64_t HeaderHash(const PlanHeader& header) {
  return HashBytes({reinterpret_cast<const uint8_t*>(&header), sizeof(header) - sizeof(header.header_hash)});
}

Error Damaged(const char* what) {
  return Error(Code::kInvalidModel, "The stored plan is damaged: %s", what).Hint("It is made anew from the model.");
}

struct BlobRef {
  std::span<const uint8_t> bytes;
  uint64_t hash;
};

class Writer {
 public:
  explicit Writer(std::vector<uint8_t>& out) : out_(out) {}

  template <typename T>
  void Plain(T value) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(&value);
    out_.insert(out_.end(), bytes, bytes + sizeof(T));
  }
  void Count(size_t count) { Plain(static_cast<uint32_t>(count)); }
  void Text(std::string_view text) {
    Count(text.size());
    out_.insert(out_.end(), text.begin(), text.end());
  }
  template <typename T>
  void List(const std::vector<T>& values) {
    Count(values.size());
    for (const T& value : values) Plain(value);
  }
  void Texts(const std::vector<std::string>& texts) {
    Count(texts.size());
    for (const std::string& text : texts) Text(text);
  }
  void Dims(const Shape& shape) {
    Plain(static_cast<int8_t>(shape.rank()));
    for (int64_t dim : shape.dims()) Plain(dim);
  }
  void Type(const ValueType& type) {
    Plain(type.kind);
    Plain(type.dtype);
    Plain(type.key);
    Dims(type.shape);
  }
  void Blob(const Buffer& buffer, uint64_t bytes) {
    const auto [at, added] = numbers_.try_emplace(&buffer, static_cast<uint32_t>(blobs_.size()));
    if (added)
      blobs_.push_back({{buffer.data(), static_cast<size_t>(bytes)}, HashBytes({buffer.data(), static_cast<size_t>(bytes)})});
    Plain(at->second);
  }
  // A tensor that many values share is written once, and known by its number then.
  void Constant(const Tensor* tensor) {
    if (tensor == nullptr) return Plain(kNone);
    const auto [at, added] = tensors_.try_emplace(tensor, static_cast<uint32_t>(tensors_.size()));
    Plain(at->second);
    if (!added) return;
    Plain(tensor->dtype);
    Dims(tensor->shape);
    const TensorView view = tensor->view();
    if (tensor->dtype != DType::kString) return Blob(tensor->buffer, view.bytes());
    for (int64_t i = 0; i < tensor->shape.Elements(); ++i) Text(view.As<const StringData*>()[i]->view());
  }
  void Metadata(const std::vector<ValueMetadata>& list) {
    Count(list.size());
    for (const ValueMetadata& value : list) {
      Text(value.name);
      Type(value.type);
      Texts(value.symbols);
      Plain(value.optional);
    }
  }
  void AttributeOf(const Attribute& a) {
    Text(a.name);
    Plain(a.kind);
    Plain(a.i);
    Plain(a.f);
    Text(a.s);
    List(a.ints);
    List(a.floats);
    Texts(a.strings);
    Constant(a.tensor.get());
    Plain(static_cast<int32_t>(a.graph));
  }
  void NodeOf(const Node& node) {
    Text(node.name);
    Text(node.domain);
    Text(node.op);
    Plain(static_cast<int32_t>(node.opset));
    List(node.inputs);
    List(node.outputs);
    Plain(static_cast<int32_t>(node.formal_inputs));
    Count(node.attributes.all().size());
    for (const Attribute& attribute : node.attributes.all()) AttributeOf(attribute);
    Count(node.bodies.size());
    for (const auto& body : node.bodies) GraphOf(*body);
    Count(node.prepared.size());
    for (const auto& packed : node.prepared) {
      if (packed == nullptr) {
        Plain(kNone);
      } else {
        Blob(*packed, packed->size());
      }
    }
  }
  void GraphOf(const Graph& graph) {
    Text(graph.name);
    Count(graph.values.size());
    for (const Value& value : graph.values) {
      Text(value.name);
      Type(value.type);
      Texts(value.symbols);
      Constant(value.constant.get());
    }
    Count(graph.nodes.size());
    for (const auto& node : graph.nodes) NodeOf(*node);
    List(graph.inputs);
    List(graph.outputs);
  }

  const std::vector<BlobRef>& blobs() const { return blobs_; }

 private:
  std::vector<uint8_t>& out_;
  std::vector<BlobRef> blobs_;
  std::map<const Buffer*, uint32_t> numbers_;
  std::map<const Tensor*, uint32_t> tensors_;
};

// Reads what Writer writes; `ok` falls at the first thing that cannot be, and everything after it reads as nothing.
class Reader {
 public:
  Reader(std::span<const uint8_t> in, Model& model, std::vector<PlanReader::Blob>& blobs)
      : in_(in), model_(model), blobs_(blobs) {}

  bool ok = true;

  template <typename T>
  T Plain() {
    T value{};
    if (in_.size() - at_ < sizeof(T)) {
      ok = false;
    } else if (ok) {
      std::memcpy(&value, in_.data() + at_, sizeof(T));
      at_ += sizeof(T);
    }
    return value;
  }
  template <typename E>
  E Choice(E last) {
    const auto number = Plain<uint8_t>();
    if (number > static_cast<uint8_t>(last)) ok = false;
    return static_cast<E>(ok ? number : 0);
  }
  bool Flag() { return Plain<uint8_t>() != 0; }
  // A number of things that take at least `least` bytes each.
  size_t Count(size_t least) {
    const auto count = Plain<uint32_t>();
    if (count > (in_.size() - at_) / least) ok = false;
    return ok ? count : 0;
  }
  std::string_view Text() {
    const size_t length = Count(1);
    const std::string_view text(reinterpret_cast<const char*>(in_.data()) + at_, length);
    at_ += length;
    return text;
  }
  template <typename T>
  std::vector<T> List() {
    const size_t count = Count(sizeof(T));
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), in_.data() + at_, count * sizeof(T));
    at_ += count * sizeof(T);
    return values;
  }
  std::vector<std::string> Texts() {
    std::vector<std::string> texts(Count(sizeof(uint32_t)));
    for (std::string& text : texts) text = Text();
    return texts;
  }
  Shape Dims() {
    const auto rank = Plain<int8_t>();
    if (rank < -1 || rank > kMaxRank) ok = false;
    Shape shape = !ok || rank < 0 ? Shape::UnknownRank() : Shape::Unknown(rank);
    for (int i = 0; i < shape.rank(); ++i) shape[i] = Plain<int64_t>();
    if (!ok) return Shape::UnknownRank();
    return shape;
  }
  ValueType Type() {
    ValueType type;
    type.kind = Choice(ValueKind::kMap);
    type.dtype = ElementType();
    type.key = ElementType();
    type.shape = Dims();
    return type;
  }
  DType ElementType() {
    const auto dtype = static_cast<DType>(Plain<uint8_t>());
    if (dtype != DType::kUndefined && DTypeBits(dtype) == 0) ok = false;
    return ok ? dtype : DType::kUndefined;
  }
  std::vector<ValueMetadata> Metadata() {
    std::vector<ValueMetadata> list(Count(8));
    for (ValueMetadata& value : list) {
      value.name = Text();
      value.type = Type();
      value.symbols = Texts();
      value.optional = Flag();
    }
    return list;
  }

  Status Constant(std::shared_ptr<const Tensor>* into);
  Status Blob(uint64_t expected, bool known_size, std::shared_ptr<Buffer>* shared, Buffer* own);
  Status ReadAttribute(Attribute& a);
  Status ReadNode(Node& node, int depth);
  Status ReadGraph(Graph& graph, int depth);
  bool AtEnd() const { return ok && at_ == in_.size(); }
  void SetBlobs(std::span<const std::pair<uint64_t, uint64_t>> sizes) { sizes_ = sizes; }
  bool AllBlobsUsed() const { return blobs_.size() == sizes_.size(); }

 private:
  std::span<const uint8_t> in_;
  size_t at_ = 0;
  Model& model_;
  std::vector<PlanReader::Blob>& blobs_;
  std::span<const std::pair<uint64_t, uint64_t>> sizes_;  // bytes and hash of each blob
  std::vector<std::shared_ptr<const Tensor>> tensors_;
  std::map<uint32_t, std::shared_ptr<Buffer>> packed_;
};

// Takes the next blob, or a packed one that was taken before.
Status Reader::Blob(uint64_t expected, bool known_size, std::shared_ptr<Buffer>* shared, Buffer* own) {
  const auto number = Plain<uint32_t>();
  if (!ok) return Damaged("it ends too early");
  if (shared != nullptr && number == kNone) return OkStatus();
  if (const auto found = packed_.find(number); shared != nullptr && found != packed_.end()) {
    *shared = found->second;
    return OkStatus();
  }
  if (number != blobs_.size() || number >= sizes_.size()) return Damaged("its weights are out of order");
  const auto [bytes, hash] = sizes_[number];
  if (known_size && bytes != expected) return Damaged("a weight has the wrong size");
  if (shared != nullptr) {
    *shared = packed_[number] = std::make_shared<Buffer>();
    own = shared->get();
  }
  WEBINFER_TRY(own->Allocate(bytes, "a weight of a stored plan"));
  blobs_.push_back({0, bytes, own->data(), hash});
  return OkStatus();
}

Status Reader::Constant(std::shared_ptr<const Tensor>* into) {
  const auto number = Plain<uint32_t>();
  if (!ok || number == kNone) return OkStatus();
  if (number < tensors_.size()) {
    *into = tensors_[number];
    return OkStatus();
  }
  if (number != tensors_.size()) return Damaged("its constants are out of order");
  auto tensor = std::make_shared<Tensor>();
  tensor->dtype = ElementType();
  tensor->shape = Dims();
  if (!ok || tensor->dtype == DType::kUndefined || !tensor->shape.known()) return Damaged("a constant has no type or shape");
  WEBINFER_ASSIGN(const int64_t elements, tensor->shape.CheckedElements());
  if (tensor->dtype != DType::kString) {
    WEBINFER_TRY(Blob(BytesOf(tensor->dtype, static_cast<uint64_t>(elements)), true, nullptr, &tensor->buffer));
  } else {
    if (static_cast<uint64_t>(elements) > in_.size() - at_) return Damaged("it ends too early");
    WEBINFER_ASSIGN(*tensor, Tensor::Create(DType::kString, tensor->shape));
    for (int64_t i = 0; i < elements && ok; ++i) {
      WEBINFER_ASSIGN(tensor->As<const StringData*>()[i], model_.strings.Add(Text()));
    }
  }
  tensors_.push_back(tensor);
  *into = std::move(tensor);
  return OkStatus();
}

Status Reader::ReadAttribute(Attribute& a) {
  a.name = Text();
  a.kind = Choice(Attribute::Kind::kTypeProto);
  a.i = Plain<int64_t>();
  a.f = Plain<float>();
  a.s = Text();
  a.ints = List<int64_t>();
  a.floats = List<float>();
  a.strings = Texts();
  WEBINFER_TRY(Constant(&a.tensor));
  a.graph = Plain<int32_t>();
  return OkStatus();
}

Status Reader::ReadNode(Node& node, int depth) {
  node.name = Text();
  node.domain = Text();
  node.op = Text();
  node.opset = Plain<int32_t>();
  node.inputs = List<ValueId>();
  node.outputs = List<ValueId>();
  node.formal_inputs = Plain<int32_t>();
  for (size_t left = Count(8); left > 0 && ok; --left) {
    Attribute attribute;
    WEBINFER_TRY(ReadAttribute(attribute));
    node.attributes.Set(std::move(attribute));
  }
  for (size_t left = Count(8); left > 0 && ok; --left) {
    node.bodies.push_back(std::make_unique<Graph>());
    WEBINFER_TRY(ReadGraph(*node.bodies.back(), depth + 1));
  }
  for (size_t left = Count(4); left > 0 && ok; --left) {
    std::shared_ptr<Buffer> packed;
    WEBINFER_TRY(Blob(0, false, &packed, nullptr));
    node.prepared.push_back(std::move(packed));
  }
  node.def = FindOp(node.domain, node.op);
  if (!ok || node.def == nullptr || node.def->bind == nullptr) return Damaged("it has an operator that this build does not");
  const auto formal = node.formal_inputs < 0 ? node.inputs.size() : static_cast<size_t>(node.formal_inputs);
  if (formal > node.inputs.size() || formal < static_cast<size_t>(node.def->min_inputs) ||
      node.outputs.size() < static_cast<size_t>(node.def->min_outputs)) {
    return Damaged("a node has too few inputs or outputs");
  }
  for (const Attribute& a : node.attributes.all()) {
    if (a.graph >= static_cast<int>(node.bodies.size())) return Damaged("a node lacks a body");
  }
  return OkStatus();
}

Status Reader::ReadGraph(Graph& graph, int depth) {
  if (depth > kDeepestBody) return Damaged("bodies are nested too deeply");
  graph.name = Text();
  for (size_t left = Count(8); left > 0 && ok; --left) {
    Value& value = graph.values.emplace_back();
    value.name = Text();
    value.type = Type();
    value.symbols = Texts();
    WEBINFER_TRY(Constant(&value.constant));
  }
  for (size_t left = Count(16); left > 0 && ok; --left) {
    graph.nodes.push_back(std::make_unique<Node>());
    WEBINFER_TRY(ReadNode(*graph.nodes.back(), depth));
  }
  graph.inputs = List<ValueId>();
  graph.outputs = List<ValueId>();
  const auto count = static_cast<ValueId>(graph.values.size());
  for (ValueId id : graph.inputs) ok &= id >= 0 && id < count;
  for (ValueId id : graph.outputs) ok &= id >= 0 && id < count;
  for (const auto& node : graph.nodes) {
    for (ValueId id : node->inputs) ok &= id >= kNoValue && id < count;
    for (ValueId id : node->outputs) ok &= id >= kNoValue && id < count;
  }
  return ok ? OkStatus() : static_cast<Status>(Damaged("it contradicts itself"));
}

template <typename T>
void WritePairs(Writer& writer, const std::vector<std::pair<std::string, T>>& pairs) {
  writer.Count(pairs.size());
  for (const auto& [key, value] : pairs) {
    writer.Text(key);
    if constexpr (std::is_arithmetic_v<T>) {
      writer.Plain(value);
    } else {
      writer.Text(value);
    }
  }
}

template <typename T>
void ReadPairs(Reader& reader, std::vector<std::pair<std::string, T>>& pairs) {
  pairs.resize(reader.Count(8));
  for (auto& [key, value] : pairs) {
    key = reader.Text();
    if constexpr (std::is_arithmetic_v<T>) {
      value = reader.Plain<T>();
    } else {
      value = reader.Text();
    }
  }
}

}  // namespace

Status PlanImage::Write(const PreparedModel& prepared, std::string_view identity) {
  const Model& model = *prepared.model;
  std::vector<uint8_t> body;
  Writer writer(body);
  writer.Text(model.producer);
  writer.Text(model.description);
  writer.Plain(model.ir_version);
  WritePairs(writer, model.opsets);
  WritePairs(writer, model.metadata);
  writer.Metadata(prepared.inputs);
  writer.Metadata(prepared.outputs);
  writer.Count(prepared.defaults.size());
  for (const auto& tensor : prepared.defaults) writer.Constant(tensor.get());
  writer.GraphOf(model.graph);

  head_.assign(sizeof(PlanHeader), 0);
  Writer head(head_);
  for (const BlobRef& blob : writer.blobs()) {
    head.Plain(uint64_t{blob.bytes.size()});
    head.Plain(blob.hash);
  }
  head_.insert(head_.end(), body.begin(), body.end());
  PlanHeader header{kMagic, kFormat, IdentityHash(identity)};
  const std::span<const uint8_t> structure = std::span(head_).subspan(sizeof(PlanHeader));
  header.structure_bytes = structure.size();
  header.structure_hash = HashBytes(structure);
  header.blobs = writer.blobs().size();
  header.file_bytes = head_.size();
  for (const BlobRef& blob : writer.blobs()) header.file_bytes += blob.bytes.size();
  header.header_hash = HeaderHash(header);
  std::memcpy(head_.data(), &header, sizeof(header));
  pieces_ = {head_};
  for (const BlobRef& blob : writer.blobs()) pieces_.push_back(blob.bytes);
  return OkStatus();
}

uint64_t PlanImage::bytes() const {
  uint64_t total = 0;
  for (const auto& piece : pieces_) total += piece.size();
  return total;
}

Status PlanReader::Begin(std::span<const uint8_t> header, uint64_t file_bytes, std::string_view identity) {
  if (header.size() < sizeof(PlanHeader)) return Damaged("it is too short");
  std::memcpy(&header_, header.data(), sizeof(header_));
  if (header_.magic != kMagic || header_.header_hash != HeaderHash(header_)) return Damaged("it is no plan");
  if (header_.format != kFormat || header_.identity != IdentityHash(identity))
    return Error(Code::kUnsupported, "The stored plan is of another build, other options or another model");
  if (header_.file_bytes != file_bytes || header_.structure_bytes > file_bytes - sizeof(PlanHeader))
    return Damaged("its size is wrong");
  return OkStatus();
}

Status PlanReader::ReadStructure(std::span<const uint8_t> structure) {
  if (structure.size() != header_.structure_bytes || HashBytes(structure) != header_.structure_hash)
    return Damaged("the structure's checksum is wrong");
  prepared_.model = std::make_unique<Model>();
  Model& model = *prepared_.model;
  Reader reader(structure, model, blobs_);
  if (header_.blobs > structure.size() / 16) return Damaged("it ends too early");
  std::vector<std::pair<uint64_t, uint64_t>> sizes(header_.blobs);
  uint64_t left = header_.file_bytes - sizeof(PlanHeader) - header_.structure_bytes;
  for (auto& [bytes, hash] : sizes) {
    bytes = reader.Plain<uint64_t>();
    hash = reader.Plain<uint64_t>();
    if (bytes > left) return Damaged("its weights exceed it");
    left -= bytes;
  }
  if (left != 0) return Damaged("its weights do not fill it");
  {
    // One growth of the heap for all of them: WebAssembly takes 0.25 ms for each. Without room the blobs say so themselves.
    Buffer all;
    static_cast<void>(all.Allocate(header_.file_bytes + 192 * header_.blobs, "a stored plan").ok());
  }
  reader.SetBlobs(sizes);
  model.producer = reader.Text();
  model.description = reader.Text();
  model.ir_version = reader.Plain<int64_t>();
  ReadPairs(reader, model.opsets);
  ReadPairs(reader, model.metadata);
  prepared_.inputs = reader.Metadata();
  prepared_.outputs = reader.Metadata();
  prepared_.defaults.resize(reader.Count(4));
  for (auto& tensor : prepared_.defaults) WEBINFER_TRY(reader.Constant(&tensor));
  WEBINFER_TRY(reader.ReadGraph(model.graph, 0));
  if (!reader.AtEnd() || !reader.AllBlobsUsed() || prepared_.inputs.size() != model.graph.inputs.size() ||
      prepared_.outputs.size() != model.graph.outputs.size() || prepared_.defaults.size() != model.graph.inputs.size()) {
    return Damaged("it contradicts itself");
  }
  uint64_t offset = sizeof(PlanHeader) + header_.structure_bytes;
  for (Blob& blob : blobs_) {
    blob.offset = offset;
    offset += blob.bytes;
  }
  return OkStatus();
}

Status PlanReader::Filled(size_t blob, uint64_t bytes) {
  if (blob != blob_ || blob >= blobs_.size() || bytes > blobs_[blob].bytes - filled_)
    return Error(Code::kInternal, "Weights of a stored plan come out of order");
  const Blob& target = blobs_[blob];
  hasher_.Update({target.data + filled_, static_cast<size_t>(bytes)});
  filled_ += bytes;
  if (filled_ < target.bytes) return OkStatus();
  const uint64_t hash = hasher_.Finish();
  hasher_ = Hasher();
  filled_ = 0;
  ++blob_;
  return hash == target.hash ? OkStatus() : static_cast<Status>(Damaged("a weight's checksum is wrong"));
}

Result<PreparedModel> PlanReader::Finish() {
  if (blob_ != blobs_.size()) return static_cast<Status>(Damaged("weights are missing"));
  return std::move(prepared_);
}

}  // namespace webinfer
