# `cmake --install` puts the program, the archive, the headers and a package file that find_package(chainrule) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS chainrule EXPORT chainruleTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET chainrule_exe)
  install(TARGETS chainrule_exe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY include/chainrule DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT chainruleTargets NAMESPACE chainrule:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)
configure_package_config_file(cmake/chainruleConfig.cmake.in ${CMAKE_BINARY_DIR}/chainruleConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/chainruleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/chainruleConfig.cmake ${CMAKE_BINARY_DIR}/chainruleConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/chainrule)
