# Toolchain: the engine as WebAssembly, by Debian's clang-22 and wasi-libc. No exceptions, no threads, no files; small
# before fast: functions stay apart, so that split.mjs can part them.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_CXX_COMPILER clang++-22)
set(CMAKE_AR /usr/bin/llvm-ar-22)
set(CMAKE_RANLIB /usr/bin/llvm-ranlib-22)
set(CMAKE_CXX_COMPILER_TARGET wasm32-wasi)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_CXX_FLAGS_INIT "-Wno-deprecated -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-c++-static-destructors -fvisibility=hidden -finline-hint-functions -flto -DJSON_NOEXCEPTION -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_NONE")
set(CMAKE_CXX_FLAGS_RELEASE "-Oz -DNDEBUG")
# The driver would hand the result to any wasm-opt on the PATH, whose older releases make it larger.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-mexec-model=reactor --no-wasm-opt -Wl,--strip-debug,--gc-sections,--emit-relocs,-mllvm,-enable-merge-functions")
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE NEVER)
