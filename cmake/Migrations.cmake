# lanting_embed_migrations(target namespace dir): a library with lanting::<namespace>::kMigrations, the platform's SQL
# files followed by those of `dir`, to be included as "<namespace>/migrations.gen.h". See pg/migrate.h.
set(LANTING_PLATFORM_MIGRATIONS ${CMAKE_CURRENT_LIST_DIR}/../services/platform/migrations)
set(LANTING_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/EmbedMigrations.cmake)

function(lanting_embed_migrations target namespace dir)
  file(GLOB platform CONFIGURE_DEPENDS ${LANTING_PLATFORM_MIGRATIONS}/*.sql)
  file(GLOB service CONFIGURE_DEPENDS ${dir}/*.sql)
  string(REPLACE ";" "|" platform_arg "${platform}")
  string(REPLACE ";" "|" service_arg "${service}")
  set(root ${CMAKE_BINARY_DIR}/gen_migrations/${target})
  set(stem ${root}/${namespace}/migrations.gen)
  add_custom_command(
    OUTPUT ${stem}.cpp ${stem}.h
    COMMAND ${CMAKE_COMMAND} -DNAMESPACE=${namespace} "-DPLATFORM=${platform_arg}" "-DSERVICE=${service_arg}"
            -DOUT=${stem} -P ${LANTING_EMBED_SCRIPT}
    DEPENDS ${platform} ${service} ${LANTING_EMBED_SCRIPT}
    VERBATIM
    COMMENT "migrations of ${namespace}")
  add_library(${target} STATIC ${stem}.cpp ${stem}.h)
  target_include_directories(${target} PUBLIC ${root})
  target_link_libraries(${target} PUBLIC lanting_options)
endfunction()
