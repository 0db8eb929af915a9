# lanting_service(name): a service is its rooms. Sources are found by folder, so a new file needs no build change:
#   domain/*.cpp                              -> lanting_<name>_domain   (std and platform/base only)
#   store, api, events, workers, config.cpp   -> lanting_<name>
#   main.cpp                                  -> lanting-<name>
#   domain/*_test.cpp                         -> <name>_domain_test      (label unit)
#   store|api|events|workers/*_test.cpp       -> <name>_store_test       (label store: a real PostgreSQL)
include(Migrations)

function(lanting_service name)
  file(GLOB domain CONFIGURE_DEPENDS domain/*.cpp)
  file(GLOB rooms CONFIGURE_DEPENDS store/*.cpp api/*.cpp events/*.cpp workers/*.cpp config.cpp)
  set(domain_tests ${domain})
  set(room_tests ${rooms})
  list(FILTER domain EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER rooms EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER domain_tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER room_tests INCLUDE REGEX "_test\\.cpp$")

  add_library(lanting_${name}_domain STATIC ${domain})
  target_link_libraries(lanting_${name}_domain PUBLIC lanting_base)

  add_library(lanting_${name} STATIC ${rooms})
  target_link_libraries(
    lanting_${name} PUBLIC lanting_${name}_domain lanting_protos lanting_config lanting_obs lanting_pg lanting_idempotency
                           lanting_redis lanting_outbox lanting_inbox lanting_paging lanting_resource lanting_auth lanting_rpc)
  target_precompile_headers(lanting_${name} PRIVATE <string> <vector> <map> <functional> <optional> <pqxx/pqxx>)

  lanting_embed_migrations(lanting_${name}_migrations ${name} ${CMAKE_CURRENT_SOURCE_DIR}/migrations)
  target_link_libraries(lanting_${name} PUBLIC lanting_${name}_migrations)

  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
    add_executable(lanting-${name} main.cpp)
    target_link_libraries(lanting-${name} PRIVATE lanting_${name})
  endif()
  if(domain_tests)
    lanting_test(${name}_domain_test SOURCES ${domain_tests} LIBS lanting_${name}_domain LABELS unit)
  endif()
  if(room_tests)
    lanting_test(${name}_store_test SOURCES ${room_tests} LIBS lanting_${name} lanting_testing LABELS store TIMEOUT 1200)
  endif()
endfunction()
