#include "platform/config/settings_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lanting::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const char* Environment(const char* name) { return std::string_view(name) == "LANTING_OLD" ? "environment" : nullptr; }

TEST(SettingsFileTest, WinsOverTheEnvironment) {
  std::vector<std::string> faults;
  const auto file = SettingsFile::Parse("# limits\r\nLANTING_A = 1 \n\nLANTING_OLD=a=b\n LANTING_EMPTY=\n", &faults);
  EXPECT_THAT(faults, IsEmpty());
  Reader reader(file.Over(Environment));
  EXPECT_EQ(reader.Int("LANTING_A", 5, {0, 9}, ""), 1);
  EXPECT_EQ(reader.String("LANTING_OLD", "default", ""), "a=b");
  EXPECT_EQ(reader.String("LANTING_EMPTY", "default", ""), "default");
  EXPECT_EQ(reader.String("LANTING_NEW", "default", ""), "default");
  const SettingsFile nothing;
  Reader bare(nothing.Over(Environment));
  EXPECT_EQ(bare.String("LANTING_OLD", "default", ""), "environment");
}

TEST(SettingsFileTest, FaultsHaveTheirLine) {
  std::vector<std::string> faults;
  const auto file = SettingsFile::Parse("LANTING_A=1\nwhat\nLANTING_A=2\nlower=1\n=1\nLANTING_TYPO=1", &faults);
  EXPECT_THAT(faults,
              ElementsAre("settings file, line 2: not NAME=VALUE", "settings file, line 3: LANTING_A is given twice",
                          "settings file, line 4: not NAME=VALUE", "settings file, line 5: not NAME=VALUE"));
  faults.clear();
  Reader reader(file.Over(Environment));
  EXPECT_EQ(reader.Int("LANTING_A", 5, {0, 9}, ""), 1);
  file.RefuseUnknown(reader, &faults);
  EXPECT_THAT(faults, ElementsAre("settings file: LANTING_TYPO is not a setting of this process"));
}

TEST(SettingsFileTest, IsReadFromDiskWithinItsBound) {
  const auto path = std::filesystem::temp_directory_path() / ("settings-" + std::to_string(getpid()));
  std::vector<std::string> faults;
  std::ofstream(path) << "LANTING_A=7\n";
  const auto file = SettingsFile::Read(path, &faults);
  EXPECT_EQ(Reader(file.Over(Environment)).Int("LANTING_A", 5, {0, 9}, ""), 7);
  EXPECT_THAT(faults, IsEmpty());
  std::ofstream(path) << std::string(64 * 1024 + 1, '#');
  (void)SettingsFile::Read(path, &faults);
  EXPECT_THAT(faults, ElementsAre("settings file: larger than 64 KiB"));
  std::filesystem::remove(path);
  faults.clear();
  (void)SettingsFile::Read(path, &faults);
  EXPECT_THAT(faults, ElementsAre("settings file " + path.string() + ": cannot be read"));
  (void)SettingsFile::Read("", &faults);
  EXPECT_EQ(faults.size(), 1u);
}

}  // namespace
}  // namespace lanting::config
