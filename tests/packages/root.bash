# root: a root file system of this machine's release, for tests that need a system of their own.
#
#   root_depends PACKAGE...    what .deb files PACKAGE depend on, but for each other, as mmdebstrap wants it
#   root_make FOLDER INCLUDE   make one in FOLDER with the packages INCLUDE; what was said is in FOLDER.log
#   root_quiet FOLDER UNIT...  nobody logs in there, and nothing happens by the clock; UNITs are off, too

# shellcheck disable=SC1091 # a file of the system
root_suite() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

root_depends() {
    local file
    for file; do dpkg-deb --field "$file" Depends; done | tr ',' '\n' | sed -e 's/(.*//' -e 's/|.*//' -e 's/ //g' |
        grep -v '^rehome' | sort -u | paste -sd,
}

# The sources are those of this machine that serve its release.
root_make() {
    local sources suite
    suite=$(root_suite)
    mapfile -t sources < <(grep -lE "$suite" /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null)
    rm -rf "$1"
    mkdir -p "$(dirname "$1")"
    mmdebstrap --variant=apt --include="$2" "$suite" "$1" "${sources[@]}" >"$1.log" 2>&1 || { tail -n 20 "$1.log"; return 1; }
    rm -f "$1"/etc/hostname "$1"/etc/resolv.conf
}

root_quiet() {
    local unit root=$1
    shift
    for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-logind.service \
        systemd-timesyncd.service systemd-networkd-wait-online.service "$@"; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
}
