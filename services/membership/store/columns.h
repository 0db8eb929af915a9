// Columns that hold a serialised message of the API, read and written as a whole.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lanting/membership/v1/community.pb.h"
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

// gate.questions: a Gate with only its questions.
std::string Pack(const std::vector<Question>& questions);
std::vector<Question> UnpackQuestions(const std::string& bytes);

// application.form: an Application with only its identities and answers.
std::string PackForm(const Application& application);
void UnpackForm(const std::string& bytes, Application* application);

}  // namespace lanting::membership::columns
