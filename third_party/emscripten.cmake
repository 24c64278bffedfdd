# Toolchain file of the WebAssembly presets: the emcc on PATH, else the one that script/bootstrap put into WEBINFER_CACHE.
include(${CMAKE_CURRENT_LIST_DIR}/ccache.cmake)
find_program(WEBINFER_EMCC emcc HINTS ${WEBINFER_CACHE}/emscripten-3.1.69/emscripten NO_CMAKE_FIND_ROOT_PATH)
if(NOT WEBINFER_EMCC)
  message(FATAL_ERROR "No emcc on PATH and none in ${WEBINFER_CACHE}: run script/bootstrap.")
endif()
get_filename_component(emcc_folder ${WEBINFER_EMCC} REALPATH)
get_filename_component(emcc_folder ${emcc_folder} DIRECTORY)
include(${emcc_folder}/cmake/Modules/Platform/Emscripten.cmake)
