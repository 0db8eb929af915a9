// The types that a google.protobuf.Any may hold: the proto3 messages that are compiled into this program.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string_view>

namespace lanting::gateway {

// By type URL, "type.googleapis.com/package.Message" in exactly this form; nullptr if there is no such type. An unknown
// name costs nothing that stays (protobuf's own pool remembers every name it was asked for in vain). Any thread.
const google::protobuf::Message* FindAnyType(std::string_view type_url);

// Whether a request of type `request` may carry `type` in an Any: if its file is of the same package or imported by the
// request's file, directly or not. So a proto says by its imports what its callers may send.
bool MayCarry(const google::protobuf::Descriptor* request, const google::protobuf::Descriptor* type);

// Whether its JSON stands under "value" in an Any, since it is not always an object of fields.
bool HasOwnJsonForm(const google::protobuf::Descriptor* type);

}  // namespace lanting::gateway
