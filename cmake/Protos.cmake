# lanting_protos(target): compiles every .proto under protos/ and the google/api and google/rpc ones of the Debian
# package into one library. Only message code is generated: services are registered from descriptors
# (platform/rpc/service.h), which spares the large generated gRPC headers. Generated code is built at -O1 without
# warnings: -O2 doubles the time for no measured gain.
set(LANTING_GOOGLEAPIS_DIR /usr/share/gocode/src/github.com/gogo/googleapis CACHE PATH
    "google/api and google/rpc protos (package golang-github-gogo-googleapis-dev)")
if(NOT EXISTS ${LANTING_GOOGLEAPIS_DIR}/google/api/annotations.proto)
  message(FATAL_ERROR "google/api/annotations.proto not found: install golang-github-gogo-googleapis-dev (make deps)")
endif()

function(lanting_protos target)
  set(out ${CMAKE_BINARY_DIR}/gen)
  file(MAKE_DIRECTORY ${out})
  file(GLOB_RECURSE own RELATIVE ${CMAKE_SOURCE_DIR}/protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/protos/lanting/*.proto)
  set(google google/api/annotations.proto google/api/http.proto google/rpc/code.proto google/rpc/status.proto
      google/rpc/error_details.proto)
  set(sources)
  foreach(proto ${own} ${google})
    string(REGEX REPLACE "\\.proto$" ".pb" stem ${proto})
    if(proto MATCHES "^google/")
      set(path ${LANTING_GOOGLEAPIS_DIR}/${proto})
    else()
      set(path ${CMAKE_SOURCE_DIR}/protos/${proto})
    endif()
    add_custom_command(
      OUTPUT ${out}/${stem}.cc ${out}/${stem}.h
      COMMAND protobuf::protoc -I${CMAKE_SOURCE_DIR}/protos -I${LANTING_GOOGLEAPIS_DIR} --cpp_out=${out} ${proto}
      DEPENDS ${path}
      COMMENT "protoc ${proto}")
    list(APPEND sources ${out}/${stem}.cc)
  endforeach()
  # Whole archive: the gateway works from descriptors, which register themselves at start.
  add_library(${target}_objects STATIC ${sources})
  target_include_directories(${target}_objects SYSTEM PUBLIC ${out})
  target_link_libraries(${target}_objects PUBLIC protobuf::libprotobuf)
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE "$<LINK_LIBRARY:WHOLE_ARCHIVE,${target}_objects>")
  target_compile_options(${target}_objects PRIVATE -w $<$<NOT:$<CONFIG:Debug>>:-O1> -g0)
  # The whole descriptor set: conformance and contract tests.
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/lanting.binpb
    COMMAND protobuf::protoc -I${CMAKE_SOURCE_DIR}/protos -I${LANTING_GOOGLEAPIS_DIR} --include_imports --include_source_info
            --descriptor_set_out=${CMAKE_BINARY_DIR}/lanting.binpb ${own}
    DEPENDS ${sources})
  add_custom_target(lanting_descriptors ALL DEPENDS ${CMAKE_BINARY_DIR}/lanting.binpb)
  # Our own files with their comments, which generated code does not have: embedded for the OpenAPI document.
  list(TRANSFORM own PREPEND ${CMAKE_SOURCE_DIR}/protos/ OUTPUT_VARIABLE own_paths)
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/lanting.comments.binpb
    COMMAND protobuf::protoc -I${CMAKE_SOURCE_DIR}/protos -I${LANTING_GOOGLEAPIS_DIR} --include_source_info
            --descriptor_set_out=${CMAKE_BINARY_DIR}/lanting.comments.binpb ${own}
    DEPENDS ${own_paths}
    COMMENT "comments of the protos")
  add_custom_target(lanting_comments DEPENDS ${CMAKE_BINARY_DIR}/lanting.comments.binpb)
endfunction()
