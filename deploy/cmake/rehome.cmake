# How a folder of this project becomes a library, a program or a test.
#
#   rehome_library(NAME FLOOR n [SOURCES a.c …] [PROTO a.proto …] [USES name …] [PACKAGES name …])
#   rehome_program(NAME SOURCES a.c … [USES name …] [PACKAGES name …] [DESTINATION dir])
#   rehome_bench(NAME [USES name …] [PACKAGES name …] [SOURCES more.c …])
#   rehome_test(MODULE [USES name …] [PACKAGES name …] [SOURCES more.c …] [TIMEOUT seconds])
#
# USES names libraries of ours by the NAME they were declared with, PACKAGES those of packages.cmake.
# The target behind NAME is rehome_NAME; nobody needs to know.

set(REHOME_SOURCE_DIR ${CMAKE_CURRENT_LIST_DIR}/../..)
cmake_path(NORMAL_PATH REHOME_SOURCE_DIR)

option(REHOME_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(REHOME_SLOW_ASSERTS "check whole tables after every step (ASSERT_SLOW)" OFF)
option(REHOME_PLANTS "bugs that can be planted, for the tests of the judges (docs/adr/0013-planted-bugs.md)" OFF)
option(REHOME_COVERAGE "count lines and branches (gcov)" OFF)
option(REHOME_FUZZ "libFuzzer drives the targets of tests/fuzz (clang)" OFF)

# Where installed daemons and their units are (docs/packages.md).
set(REHOME_DAEMON_DIR ${CMAKE_INSTALL_LIBEXECDIR}/rehome)
set(REHOME_UNIT_DIR lib/systemd/system CACHE STRING "the folder for units of systemd")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Assertions are on in every build, so no build defines NDEBUG.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

set(REHOME_WARNINGS
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wundef -Wvla -Wsign-conversion -Wcast-qual
    -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wformat=2)

# What every target is compiled with. GENERATED: code that protoc-c wrote, which casts const away.
function(rehome_compile target floor)
    cmake_parse_arguments(PARSE_ARGV 2 arg "GENERATED" "" "")
    target_include_directories(${target} PUBLIC ${REHOME_SOURCE_DIR} ${PROJECT_BINARY_DIR})
    target_compile_options(${target} PRIVATE ${REHOME_WARNINGS} -fno-omit-frame-pointer)
    if(arg_GENERATED)
        target_compile_options(${target} PRIVATE -Wno-cast-qual)
    endif()
    if(floor GREATER_EQUAL 5)
        target_compile_definitions(${target} PRIVATE _GNU_SOURCE)
    endif()
    if(REHOME_SLOW_ASSERTS)
        target_compile_definitions(${target} PRIVATE REHOME_SLOW_ASSERTS)
    endif()
    if(REHOME_PLANTS)
        target_compile_definitions(${target} PRIVATE REHOME_PLANTS)
    endif()
    if(REHOME_SANITIZE)
        target_compile_options(${target} PRIVATE -fsanitize=address,undefined -fno-sanitize-recover=all)
        target_link_options(${target} PUBLIC -fsanitize=address,undefined)
    endif()
    if(REHOME_FUZZ)
        target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    if(REHOME_COVERAGE)
        target_compile_options(${target} PRIVATE --coverage)
        target_link_options(${target} PUBLIC --coverage)
    endif()
endfunction()

# Link `target` of floor `floor` to what it uses. Upward and sideways are errors.
function(rehome_link target floor)
    cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "USES;PACKAGES")
    foreach(name IN LISTS arg_USES)
        if(NOT TARGET rehome_${name})
            message(FATAL_ERROR "${target} uses `${name}`, which no folder before it declares")
        endif()
        get_target_property(below rehome_${name} REHOME_FLOOR)
        # Floor 2 has two storeys: the replica stands on the registry (tests/lint/floors.txt).
        if(NOT floor GREATER below AND NOT "${target}:${name}" STREQUAL "rehome_replica:registry")
            message(FATAL_ERROR "${target} is on floor ${floor} and uses `${name}` of floor ${below}: "
                                "a library links to lower floors only (docs/style.md)")
        endif()
        target_link_libraries(${target} PUBLIC rehome_${name})
    endforeach()
    foreach(name IN LISTS arg_PACKAGES)
        target_link_libraries(${target} PUBLIC PkgConfig::${name})
    endforeach()
endfunction()

# A misspelt keyword must not pass in silence.
macro(rehome_no_leftovers)
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "${name}: what is `${arg_UNPARSED_ARGUMENTS}`?")
    endif()
endmacro()

function(rehome_folder folder)
    if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
        add_subdirectory(${folder})
    endif()
endfunction()

# proto/x.proto becomes "proto/x.pb-c.h" and a library of its own, because generated code has looser warnings.
# An import in a .proto file is written from the root of the repository, as an #include is.
function(rehome_generated target)
    file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    list(TRANSFORM ARGN PREPEND ${folder}/ OUTPUT_VARIABLE protos)
    list(TRANSFORM protos PREPEND ${PROJECT_SOURCE_DIR}/ OUTPUT_VARIABLE sources)
    set(generated "")
    foreach(proto IN LISTS protos)
        cmake_path(REPLACE_EXTENSION proto pb-c OUTPUT_VARIABLE stem)
        set(out ${PROJECT_BINARY_DIR}/${stem})
        add_custom_command(
            OUTPUT ${out}.c ${out}.h
            COMMAND ${PROTOC_C} --proto_path=. --c_out=${PROJECT_BINARY_DIR} ${proto}
            WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
            DEPENDS ${sources}
            COMMENT "protoc-c ${proto}"
            VERBATIM)
        list(APPEND generated ${out}.c ${out}.h)
    endforeach()
    add_library(${target}_pb STATIC ${generated})
    rehome_compile(${target}_pb 1 GENERATED)
    target_link_libraries(${target}_pb PUBLIC PkgConfig::protobuf-c)
    target_link_libraries(${target} PUBLIC ${target}_pb)
endfunction()

function(rehome_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "FLOOR" "SOURCES;PROTO;USES;PACKAGES")
    rehome_no_leftovers()
    if(NOT arg_FLOOR MATCHES "^[0-5]$")
        message(FATAL_ERROR "${name}: a library says its FLOOR, 0 to 5")
    endif()
    set(target rehome_${name})
    add_library(${target} STATIC ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES REHOME_FLOOR ${arg_FLOOR})
    rehome_compile(${target} ${arg_FLOOR})
    rehome_link(${target} ${arg_FLOOR} USES ${arg_USES} PACKAGES ${arg_PACKAGES})
    if(arg_PROTO)
        rehome_generated(${target} ${arg_PROTO})
    endif()
endfunction()

function(rehome_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "DESTINATION" "SOURCES;USES;PACKAGES")
    rehome_no_leftovers()
    if(NOT arg_DESTINATION)
        set(arg_DESTINATION ${CMAKE_INSTALL_BINDIR})
    endif()
    set(target rehome_program_${name})
    add_executable(${target} ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
    rehome_compile(${target} 6)
    target_compile_definitions(${target} PRIVATE REHOME_VERSION="${PROJECT_VERSION}")
    rehome_link(${target} 6 USES ${arg_USES} PACKAGES ${arg_PACKAGES})
    install(TARGETS ${target} DESTINATION ${arg_DESTINATION})
endfunction()

# rehome_unit(KIND "what it is"): the unit of the daemon rehome-KIND.
function(rehome_unit kind what)
    set(REHOME_KIND ${kind})
    set(REHOME_WHAT ${what})
    cmake_path(ABSOLUTE_PATH REHOME_DAEMON_DIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX})
    set(unit ${PROJECT_BINARY_DIR}/deploy/systemd/rehome-${kind}@.service)
    configure_file(${PROJECT_SOURCE_DIR}/deploy/systemd/rehome-daemon@.service.in ${unit} @ONLY)
    install(FILES ${unit} DESTINATION ${REHOME_UNIT_DIR})
endfunction()

# One binary per module, each of its tests in a process of its own: the names are read from the source,
# and the binary runs the one that its argument names (tests/unit/unit.h).
function(rehome_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;USES;PACKAGES")
    rehome_no_leftovers()
    if(NOT BUILD_TESTING)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 30)
    endif()
    set(source ${PROJECT_SOURCE_DIR}/tests/unit/test_${name}.c)
    set(target test_${name})
    add_executable(${target} ${source} ${arg_SOURCES})
    rehome_compile(${target} 6)
    rehome_link(${target} 6 USES ${arg_USES} PACKAGES cmocka ${arg_PACKAGES})

    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
    file(STRINGS ${source} heads REGEX "^static void test_[a-z0-9_]+\\(")
    if(NOT heads)
        message(FATAL_ERROR "tests/unit/test_${name}.c: no `static void test_${name}__…(void **` in it")
    endif()
    foreach(head IN LISTS heads)
        string(REGEX REPLACE "^static void (test_[a-z0-9_]+).*" "\\1" test "${head}")
        if(NOT test MATCHES "^test_${name}__.")
            message(FATAL_ERROR "tests/unit/test_${name}.c: `${test}` does not begin with test_${name}__")
        endif()
        add_test(NAME ${test} COMMAND ${target} ${test} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
        # Who may take long begins first: nobody waits for it alone at the end.
        set_tests_properties(${test} PROPERTIES TIMEOUT ${arg_TIMEOUT} COST ${arg_TIMEOUT} LABELS unit)
    endforeach()
endfunction()

# tests/bench/bench_NAME.c: a measurement, run by hand.
function(rehome_bench name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;PACKAGES")
    rehome_no_leftovers()
    if(NOT BUILD_TESTING)
        return()
    endif()
    set(target bench_${name})
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/bench/bench_${name}.c ${arg_SOURCES})
    rehome_compile(${target} 6)
    rehome_link(${target} 6 USES ${arg_USES} PACKAGES ${arg_PACKAGES})
endfunction()

# tests/fuzz/fuzz_NAME.c, and its corpus: tests/fuzz/corpus/NAME and the folders of CORPUS. With libFuzzer it is a
# program to run, and `fuzz_NAME.corpus` beside it lists the folders; without, a test over the corpus and SEEDS inputs
# that are drawn, or made from those of the corpus.
function(rehome_fuzz name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SEEDS" "SOURCES;USES;PACKAGES;CORPUS")
    rehome_no_leftovers()
    if(NOT BUILD_TESTING)
        return()
    endif()
    set(target fuzz_${name})
    set(corpus ${arg_CORPUS})
    if(EXISTS ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
        list(PREPEND corpus tests/fuzz/corpus/${name})
    endif()
    add_executable(${target} ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c ${arg_SOURCES})
    rehome_compile(${target} 6)
    rehome_link(${target} 6 USES ${arg_USES} PACKAGES ${arg_PACKAGES})
    if(REHOME_FUZZ)
        target_link_options(${target} PRIVATE -fsanitize=fuzzer)
        if(NOT TARGET fuzz)
            add_custom_target(fuzz)
        endif()
        add_dependencies(fuzz ${target})
        list(JOIN corpus "\n" lines)
        file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${target}.corpus "${lines}\n")
        return()
    endif()
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.c)
    rehome_link(${target} 6 USES base)
    add_test(NAME fuzz__${name} COMMAND ${target} ${corpus} --seeds ${arg_SEEDS}
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(fuzz__${name} PROPERTIES TIMEOUT 120 LABELS fuzz)
endfunction()

# What is not a program. The manual pages are made of what the programs say (target `man`).
function(rehome_install)
    install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
    install(DIRECTORY deploy/topologies deploy/scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/rehome)
    install(FILES deploy/completion/rehome DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
    install(PROGRAMS deploy/systemd/hold DESTINATION ${REHOME_DAEMON_DIR})
    install(FILES deploy/systemd/rehome.target DESTINATION ${REHOME_UNIT_DIR})
    install(FILES deploy/systemd/rehome.catalog DESTINATION lib/systemd/catalog)
    install(FILES deploy/systemd/rehome.sysusers DESTINATION lib/sysusers.d RENAME rehome.conf)
    install(FILES deploy/systemd/rehome.tmpfiles DESTINATION lib/tmpfiles.d RENAME rehome.conf)
    rehome_unit(node "Unified CM node")
    rehome_unit(pg "Peripheral Gateway side")
    rehome_unit(icm "central controller side")
    rehome_unit(fleet "phones, agents and gateways")
    rehome_unit(recorder "recorder")

    add_custom_target(man)
    foreach(page rehome.1 rehome-node.8)
        cmake_path(GET page STEM program)
        cmake_path(GET page EXTENSION section)
        string(REPLACE . "" section ${section})
        add_custom_target(man_${program}
            COMMAND ${PROJECT_SOURCE_DIR}/deploy/man/generate $<TARGET_FILE:rehome_program_${program}> ${section}
                >${PROJECT_BINARY_DIR}/${page}
            VERBATIM)
        add_dependencies(man man_${program})
        install(FILES ${PROJECT_BINARY_DIR}/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section} OPTIONAL)
    endforeach()
endfunction()
