# The libraries of the system, each found by pkg-config and known here by one short name.
find_package(PkgConfig REQUIRED)

function(rehome_package name module)
    pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
endfunction()

# libraft before 0.17.1 can lose committed data (docs/adr/0001-libraft-from-backports.md).
rehome_package(raft "raft>=0.22.1")
rehome_package(uv libuv)
rehome_package(zmq libzmq)
rehome_package(czmq libczmq)
rehome_package(sodium libsodium)
rehome_package(protobuf-c libprotobuf-c)
rehome_package(sqlite3 sqlite3)
rehome_package(microhttpd libmicrohttpd)
rehome_package(jansson jansson)
rehome_package(cyaml libcyaml)
rehome_package(yaml yaml-0.1)
rehome_package(smartcols smartcols)
rehome_package(ncursesw ncursesw)
rehome_package(systemd libsystemd)
if(BUILD_TESTING)
    rehome_package(cmocka cmocka)
endif()

find_program(PROTOC_C protoc-c REQUIRED)
