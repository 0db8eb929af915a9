// Columns that hold a serialised message of the API, read and written as a whole.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lanting/membership/v1/community.pb.h"
#include "lanting/membership/v1/gate.pb.h"
#include "membership/domain/application.h"
#include "membership/domain/community.h"
#include "membership/domain/gate.h"

namespace lanting::membership::columns {

void ToProto(const Declarations& from, lanting::membership::v1::Declarations* to);
Declarations FromProto(const lanting::membership::v1::Declarations& from);

// A jsonb column of texts: {"key": "text"}.
std::string Json(const std::map<std::string, std::string>& texts);
std::map<std::string, std::string> ParseTexts(const std::string& json);

// community.declarations: a Declarations.
std::string Pack(const Declarations& declarations);
Declarations UnpackDeclarations(const std::string& bytes);

// Questions, condition and limits: what a Gate is told beside its name, kind and group.
void ConfigToProto(const Gate& from, lanting::membership::v1::Gate* to);
void ConfigFromProto(const lanting::membership::v1::Gate& from, Gate* to);
// gate.questions: a Gate with only those.
std::string PackConfig(const Gate& gate);
void UnpackConfig(const std::string& bytes, Gate* gate);

// application.form: an Application with only its identities, answers, consent and attempts.
std::string PackForm(const Application& application);
void UnpackForm(const std::string& bytes, Application* application);

}  // namespace lanting::membership::columns
