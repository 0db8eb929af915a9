# Script: cmake -DNAMESPACE=membership -DPLATFORM="a.sql|b.sql" -DSERVICE="c.sql" -DOUT=stem -P EmbedMigrations.cmake
# Writes <stem>.h and <stem>.cpp with lanting::<namespace>::kMigrations: the platform's files under their own numbers
# (1..99), then the service's under number + 100.
function(entries out files offset)
  set(text "")
  string(REPLACE "|" ";" files "${files}")
  list(SORT files)
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME_WE)
    if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
      message(FATAL_ERROR "${file}: a migration is named NNNN_words.sql")
    endif()
    math(EXPR version "${offset} + 1${CMAKE_MATCH_1} - 10000")
    file(READ "${file}" sql)
    string(APPEND text "    {${version}, \"${name}\", R\"lanting_sql(${sql})lanting_sql\"},\n")
  endforeach()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

entries(platform "${PLATFORM}" 0)
entries(service "${SERVICE}" 100)
file(WRITE "${OUT}.h" "// Generated from migrations/*.sql.
#pragma once
#include <span>
#include \"platform/pg/migrate.h\"
namespace lanting::${NAMESPACE} {
extern const std::span<const pg::Migration> kMigrations;
}
")
file(WRITE "${OUT}.cpp" "// Generated from migrations/*.sql.
#include \"${NAMESPACE}/migrations.gen.h\"
namespace lanting::${NAMESPACE} {
static constexpr pg::Migration kAll[] = {
${platform}${service}};
const constinit std::span<const pg::Migration> kMigrations = kAll;
}
")
