# Puts ccache before the compiler when it is installed. Paths are hashed relative to the checkout, so that all clones and
# worktrees share one cache under WEBINFER_CACHE.
if(DEFINED ENV{WEBINFER_CACHE})
  set(WEBINFER_CACHE $ENV{WEBINFER_CACHE})
else()
  set(WEBINFER_CACHE $ENV{HOME}/.cache/webinfer)
endif()

find_program(WEBINFER_CCACHE ccache)
if(WEBINFER_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_DIR=${WEBINFER_CACHE}/ccache CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    CCACHE_MAXSIZE=4G CCACHE_SLOPPINESS=time_macros ${WEBINFER_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
