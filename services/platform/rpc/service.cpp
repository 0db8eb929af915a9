#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <grpcpp/impl/codegen/server_callback_handlers.h>
#include <grpcpp/impl/codegen/service_type.h>

#include <stdexcept>

#include "lanting/common/v1/options.pb.h"
#include "platform/rpc/invocation.h"
#include "platform/rpc/service.h"
#include "platform/rpc/validate.h"

namespace lanting::rpc {

namespace pb = google::protobuf;

// Messages go through gRPC as bytes: one instantiation serves every method, and parsing happens on a worker, after
// the caller was let in.
class Service::Impl : public grpc::Service {
 public:
  explicit Impl(std::string name) : name_(std::move(name)) {
    descriptor_ = pb::DescriptorPool::generated_pool()->FindServiceByName(name_);
    if (descriptor_ == nullptr) throw std::logic_error("no service " + name_ + " in the descriptor pool");
    methods_by_index_.resize(descriptor_->method_count());
  }

  std::string name_;
  const pb::ServiceDescriptor* descriptor_;
  Environment environment_;
  std::vector<std::unique_ptr<Method>> methods_by_index_;

  grpc::Service& Finish(const Environment& environment) {
    std::string missing;
    for (int i = 0; i < descriptor_->method_count(); ++i) {
      if (methods_by_index_[i] == nullptr) missing += (missing.empty() ? "" : ", ") + descriptor_->method(i)->name();
    }
    if (!missing.empty()) throw std::logic_error(name_ + " has no handler for: " + missing);
    environment_ = environment;
    for (std::size_t i = 0; i < methods_by_index_.size(); ++i) {
      const Method* method = methods_by_index_[i].get();
      if (method->stream) {
        AddStream(static_cast<int>(i), *method);
        continue;
      }
      AddMethod(
          new grpc::internal::RpcServiceMethod(method->path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRawCallback(static_cast<int>(i),
                            new grpc::internal::CallbackUnaryHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                                [this, method](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* reply) {
                                  return Start(environment_, *method, context, request, reply);
                                }));
    }
    return *this;
  }

  void AddStream(int index, const Method& method) {
    AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(), grpc::internal::RpcMethod::SERVER_STREAMING,
                                                   nullptr));
    MarkMethodRawCallback(index,
                          new grpc::internal::CallbackServerStreamingHandler<grpc::ByteBuffer, grpc::ByteBuffer>(
                              [this, &method](grpc::CallbackServerContext* context, const grpc::ByteBuffer* request) {
                                return StartStream(environment_, method, context, request);
                              }));
  }

  // The place of a method, checked: its types, its scope, and that it is not taken.
  std::unique_ptr<Method>& Add(const std::string& name, const pb::Message& request, const pb::Message& reply,
                               bool streams);
};

Service::Service(std::string full_name) : impl_(std::make_unique<Impl>(std::move(full_name))) {}
Service::~Service() = default;
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;

const std::string& Service::name() const { return impl_->name_; }
grpc::Service& Service::Finish(const Environment& environment) { return impl_->Finish(environment); }

bool Service::streams() const {
  for (const auto& method : impl_->methods_by_index_) {
    if (method != nullptr && method->stream) return true;
  }
  return false;
}

void Service::Register(const std::string& name, const pb::Message& request, const pb::Message& reply,
                       ErasedHandler handler) {
  impl_->Add(name, request, reply, false)->handler = std::move(handler);
}

void Service::RegisterStream(const std::string& name, const pb::Message& request, const pb::Message& reply,
                             ErasedStream handler) {
  impl_->Add(name, request, reply, true)->stream = std::move(handler);
}

std::unique_ptr<Method>& Service::Impl::Add(const std::string& name, const pb::Message& request,
                                            const pb::Message& reply, bool streams) {
  const auto* descriptor = descriptor_->FindMethodByName(name);
  auto refuse = [&](const std::string& why) { throw std::logic_error(name_ + "/" + name + ": " + why); };
  if (descriptor == nullptr) refuse("no such method");
  if (descriptor->client_streaming()) refuse("streaming by the client is not supported");
  if (descriptor->server_streaming() != streams) refuse(streams ? "is not server-streaming" : "is server-streaming");
  if (descriptor->input_type() != request.GetDescriptor()) {
    refuse("takes " + descriptor->input_type()->full_name() + ", not " + request.GetTypeName());
  }
  if (descriptor->output_type() != reply.GetDescriptor()) {
    refuse("returns " + descriptor->output_type()->full_name() + ", not " + reply.GetTypeName());
  }
  auto& slot = methods_by_index_[descriptor->index()];
  if (slot != nullptr) refuse("has a handler already");
  const auto& options = descriptor->options();
  if (options.GetExtension(common::v1::required_scope).empty()) refuse("declares no required_scope");
  PrepareValidation(request.GetDescriptor());

  auto method = std::make_unique<Method>();
  method->path = "/" + name_ + "/" + name;
  method->required_scope = options.GetExtension(common::v1::required_scope);
  method->request = &request;
  if (options.GetExtension(common::v1::write)) {
    method->request_id = request.GetDescriptor()->FindFieldByName("request_id");
    if (method->request_id == nullptr || method->request_id->type() != pb::FieldDescriptor::TYPE_STRING) {
      refuse("is a write, but its request has no string request_id");
    }
  }
  method->metrics = MethodMetrics::Of(name_, name);
  slot = std::move(method);
  return slot;
}

}  // namespace lanting::rpc
