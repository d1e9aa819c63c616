#!/usr/bin/env bats
# deploy/provision/packages: where backports come from, and what counts as missing.

setup() {
    source "$BATS_TEST_DIRNAME/../../deploy/provision/packages"
    set +eu
    apt="$BATS_TEST_TMPDIR/apt"
    mkdir -p "$apt/sources.list.d"
}

@test "a deb822 source gives its address and its key to the backports" {
    cat >"$apt/sources.list.d/debian.sources" <<'END'
Types: deb deb-src
# a remark inside a stanza
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/some.gpg

Types: deb
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main
END
    run backports_stanza "$apt" bookworm
    [ "$status" = 0 ]
    [ "$output" = "Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /usr/share/keyrings/some.gpg" ]
}

@test "a one-line source gives its address and its options to the backports" {
    cat >"$apt/sources.list" <<'END'
# deb http://not.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb [ signed-by=/a/key.gpg arch=amd64 ] http://mirror.example/debian bookworm main contrib # the one
END
    run backports_stanza "$apt" bookworm
    [ "$status" = 0 ]
    [ "$output" = "Types: deb
URIs: http://mirror.example/debian
Suites: bookworm-backports
Components: main
Signed-By: /a/key.gpg
Architectures: amd64" ]
}

@test "a one-line source without options needs none" {
    echo "deb cdrom-or-other:/pool bookworm main" >"$apt/sources.list"
    run backports_stanza "$apt" bookworm
    [ "$status" = 0 ]
    [ "$output" = "Types: deb
URIs: cdrom-or-other:/pool
Suites: bookworm-backports
Components: main" ]
}

@test "a key inside a stanza is carried over whole" {
    cat >"$apt/sources.list.d/debian.sources" <<'END'
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS==
 -----END PGP PUBLIC KEY BLOCK-----
END
    run backports_stanza "$apt" bookworm
    [ "$status" = 0 ]
    [ "${lines[4]}" = "Signed-By: " ]
    [ "${lines[5]}" = " -----BEGIN PGP PUBLIC KEY BLOCK-----" ]
    [ "${lines[7]}" = " mDMEY865UxYJKwYBBAHaRw8BAQdAd7Z0srwuhlB6JKFkcf4HU4SSS==" ]
    [ "${lines[8]}" = " -----END PGP PUBLIC KEY BLOCK-----" ]
}

@test "a disabled source is no source" {
    cat >"$apt/sources.list.d/debian.sources" <<'END'
Enabled: no
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm
Components: main
END
    run backports_stanza "$apt" bookworm
    [ "$status" = 1 ]
    [[ "$output" == *"no source of packages for bookworm"* ]]
}

@test "a source of another release is not taken" {
    echo "deb http://mirror.example/debian trixie main" >"$apt/sources.list"
    run backports_stanza "$apt" bookworm
    [ "$status" = 1 ]
}

@test "backports that are configured already are found in both forms" {
    run serves "$apt" bookworm-backports
    [ "$status" = 1 ]
    echo "deb http://mirror.example/debian bookworm-backports main" >"$apt/sources.list.d/mine.list"
    run serves "$apt" bookworm-backports
    [ "$status" = 0 ]
    rm "$apt/sources.list.d/mine.list"
    printf 'Types: deb\nURIs: http://m.example\nSuites: bookworm bookworm-backports\nComponents: main\n' \
        >"$apt/sources.list.d/mine.sources"
    run serves "$apt" bookworm-backports
    [ "$status" = 0 ]
}

@test "missing is what is not installed or too old" {
    cat >"$BATS_TEST_TMPDIR/list" <<'END'
# a comment
dpkg                               # installed
no-such-package-anywhere
bash from backports 999:1.0        # too old
dpkg from backports 1.0            # new enough
END
    run missing "$BATS_TEST_TMPDIR/list"
    [ "$status" = 0 ]
    [ "$output" = "no-such-package-anywhere 
bash backports" ]
}

@test "the list names every package once" {
    run bash -c "sed -e 's/#.*//' '$BATS_TEST_DIRNAME/../../deploy/packages.txt' | awk 'NF { print \$1 }' | sort | uniq -d"
    [ "$output" = "" ]
}
