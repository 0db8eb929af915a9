// Settings in a file, for what may change while a process runs (a mounted ConfigMap, read again on SIGHUP). Lines
// NAME=VALUE; empty lines and lines that begin with '#' are skipped; white space around name and value is not part of
// them, and there are no quotes. A setting of the file wins over the same one of the environment.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "platform/config/config.h"

namespace lanting::config {

class SettingsFile {
 public:
  // At most 64 KiB. Faults, each with its line, go to `faults`; what could be read is there all the same.
  static SettingsFile Parse(std::string_view text, std::vector<std::string>* faults);
  // An empty path is an empty file; one that cannot be read is a fault.
  static SettingsFile Read(const std::string& path, std::vector<std::string>* faults);

  // For config::Reader: the file first, then the environment. This file must outlive it.
  Reader::Getenv Over(Reader::Getenv environment) const&;
  Reader::Getenv Over(Reader::Getenv environment) && = delete;
  // A fault for each setting of the file that `reader` did not ask for.
  void RefuseUnknown(const Reader& reader, std::vector<std::string>* faults) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace lanting::config
