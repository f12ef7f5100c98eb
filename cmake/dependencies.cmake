# Third-party headers and libraries; who uses what and why: docs/dependencies.md. When cross-compiling, CHAINRULE_HEADERS is a folder
# that holds links to the header-only ones (the target's own include path stays first).
set(CHAINRULE_HEADERS "" CACHE PATH "folder with header-only dependencies, for cross builds")

function(chainrule_header_only name file)
  find_path(CHAINRULE_${name}_INCLUDE ${file} HINTS ${CHAINRULE_HEADERS} REQUIRED)
  add_library(chainrule_headers_${name} INTERFACE)
  if(CMAKE_CROSSCOMPILING)
    target_include_directories(chainrule_headers_${name} SYSTEM INTERFACE ${CHAINRULE_HEADERS})
  else()
    target_include_directories(chainrule_headers_${name} SYSTEM INTERFACE ${CHAINRULE_${name}_INCLUDE})
  endif()
endfunction()

chainrule_header_only(highway hwy/highway.h)
chainrule_header_only(json nlohmann/json.hpp)
chainrule_header_only(toml toml++/toml.h)
# Its debug assertions abort on malformed text ("[`x]") for which the parser has a proper error right behind them.
target_include_directories(chainrule_headers_toml SYSTEM BEFORE INTERFACE ${CMAKE_CURRENT_LIST_DIR}/fixes)
target_compile_options(chainrule_headers_toml INTERFACE "-DTOML_ASSERT(expr)=static_assert(true)")
target_compile_definitions(chainrule_headers_toml INTERFACE TOML_HEADER_ONLY=0 TOML_ENABLE_FORMATTERS=0)  # toml_library.cpp is the rest
chainrule_header_only(cli11 CLI/CLI.hpp)
chainrule_header_only(fast_float fast_float/fast_float.h)

if(CMAKE_CROSSCOMPILING)  # cross builds link statically
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()
find_package(ZLIB REQUIRED)
function(chainrule_library name header file)
  find_path(CHAINRULE_${name}_INCLUDE ${header} REQUIRED)
  find_library(CHAINRULE_${name}_LIBRARY ${file} REQUIRED)
  add_library(chainrule_library_${name} INTERFACE)
  target_link_libraries(chainrule_library_${name} INTERFACE ${CHAINRULE_${name}_LIBRARY})
endfunction()
chainrule_library(zstd zstd.h zstd)
chainrule_library(deflate libdeflate.h deflate)
chainrule_library(minizip minizip/unzip.h minizip)
add_library(chainrule_library_zlib INTERFACE)
target_link_libraries(chainrule_library_zlib INTERFACE ZLIB::ZLIB)
find_package(Iconv REQUIRED)  # part of glibc; a library of its own elsewhere
add_library(chainrule_library_iconv INTERFACE)
target_link_libraries(chainrule_library_iconv INTERFACE Iconv::Iconv)
