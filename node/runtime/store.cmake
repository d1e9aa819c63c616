# What a process keeps, and the media of the fleet: sources and tests of the library `runtime`.
set(RUNTIME_STORE_SOURCES
    db.c
    outbox.c)
set(RUNTIME_STORE_TESTS
    outbox)
