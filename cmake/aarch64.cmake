# Cross build for 64-bit Arm with Debian's g++-aarch64-linux-gnu; programs run under qemu-aarch64. Used by tools/build_aarch64.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
# Debian keeps Arm libraries of its own packages in /usr/lib/aarch64-linux-gnu; header-only dependencies come from CHAINRULE_HEADERS.
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
# Static, so that one file runs anywhere; threads of dynamically linked programs hang under Debian 12's qemu-aarch64.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
