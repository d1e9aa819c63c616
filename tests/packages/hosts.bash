# hosts: machines with a systemd of their own on this one, for tests: systemd-nspawn over one root file system.
#
# Each host has its own files (an overlay), network namespace, cgroup and journal; a switch connects them, with a visible
# and a private network. Everything is named after $hosts_id and is gone after hosts_remove, whatever happened before.
#
#   hosts_possible                 says why not, and fails
#   hosts_prepare PACKAGE...       the root file system with these packages, and what .deb files PACKAGE depend on
#   hosts_start NAME=NUMBER...     boot them; NUMBER is the last number of the addresses
#   on NAME COMMAND...             run a command there, as root
#   hosts_root NAME                where the files of a host are
#   hosts_pid NAME                 the process of rehome there, as this machine knows it
#   operator COMMAND...            run a command at the switch, which reaches all hosts by ssh (hosts_ssh) and is none
#   hosts_stop NAME...             as if the power was cut

# shellcheck source=tests/packages/root.bash
source tests/packages/root.bash

hosts_id=rehome-hosts-$$
hosts_cache=$PWD/build/hosts
hosts_folder=
hosts_visible=10.77.1
hosts_private=10.77.2
declare -A hosts_nspawn=() hosts_leader=()

hosts_possible() {
    local tool
    [ "$(id -u)" = 0 ] || { echo "skip: systemd hosts need root"; return 1; }
    for tool in systemd-nspawn mmdebstrap ip nsenter ssh; do
        command -v "$tool" >/dev/null || { echo "skip: $tool is not installed"; return 1; }
    done
    unshare --mount --net true 2>/dev/null || { echo "skip: namespaces cannot be made here"; return 1; }
    local group
    for group in $(hosts_cgroups probe); do
        { mkdir "$group" && rmdir "$group"; } 2>/dev/null || { echo "skip: control groups cannot be made here"; return 1; }
    done
}

# The root file system is made once for a list of packages.
hosts_prepare() {
    local depends
    depends=$(root_depends "$@")
    hosts_base=$hosts_cache/$(sha256sum <<<"$(root_suite) $depends" | cut -c 1-12)
    [ ! -f "$hosts_base.done" ] || return 0
    root_make "$hosts_base" "systemd-sysv,dbus,libnss-systemd,iproute2,nftables,openssh-server,init-system-helpers,$depends" || return
    root_quiet "$hosts_base" console-getty.service
    touch "$hosts_base.done"
}

hosts_ssh() { echo "$hosts_folder/ssh"; }

# Root of the operator may log in everywhere.
hosts_door() {
    ssh-keygen -q -t ed25519 -N '' -f "$hosts_folder/key"
    cat >"$(hosts_ssh)" <<END
Host *
    User root
    IdentityFile $hosts_folder/key
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
END
}

hosts_root() { echo "$hosts_folder/$1/root"; }

# The folders in which processes of one control group are put.
hosts_cgroups() {
    local folder
    for folder in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        [ ! -f "$folder/cgroup.procs" ] || echo "$folder/$hosts_id-$1"
    done
}

hosts_plug() { # hosts_plug NAME NUMBER: its two interfaces
    local net
    ip netns add "$hosts_id-$1"
    ip -n "$hosts_id-$1" link set lo up
    for net in visible private; do
        ip link add "$net" netns "$hosts_id-$1" type veth peer name "$net$2" netns "$hosts_id-switch"
        ip -n "$hosts_id-switch" link set "$net$2" master "$net" up
        ip -n "$hosts_id-$1" addr add "$([ $net = visible ] && echo $hosts_visible || echo $hosts_private).$2/24" dev "$net"
        ip -n "$hosts_id-$1" link set "$net" up
    done
}

hosts_boot() { # hosts_boot NAME
    local folder=$hosts_folder/$1
    mkdir -p "$folder"/{upper,work,root}
    mount -t overlay overlay -o "lowerdir=$hosts_base,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
    echo "$1" >"$folder/root/etc/hostname"
    install -D -m 600 "$hosts_folder/key.pub" "$folder/root/root/.ssh/authorized_keys"
    (
        for group in $(hosts_cgroups "$1"); do
            mkdir -p "$group"
            echo $BASHPID >"$group/cgroup.procs"
        done
        exec systemd-nspawn --quiet --register=no --keep-unit --link-journal=no --directory="$folder/root" \
            --hostname="$1" --capability=CAP_NET_ADMIN --network-namespace-path="/run/netns/$hosts_id-$1" --boot systemd.log_level=warning
    ) </dev/null >"$folder/console" 2>&1 &
    hosts_nspawn[$1]=$!
}

hosts_up() { # hosts_up NAME: its service manager answers, and so does ssh
    [ -n "${hosts_leader[$1]:-}" ] || hosts_leader[$1]=$(pgrep -P "${hosts_nspawn[$1]}" | head -n 1)
    [ -n "${hosts_leader[$1]}" ] && on "$1" systemctl is-active multi-user.target ssh.service
}

hosts_start() {
    local one
    hosts_folder=$(mktemp -d "/tmp/$hosts_id.XXXX")
    hosts_door
    ip netns add "$hosts_id-switch"
    for one in visible private; do
        ip -n "$hosts_id-switch" link add "$one" type bridge
        ip -n "$hosts_id-switch" link set "$one" up
    done
    ip -n "$hosts_id-switch" link set lo up
    ip -n "$hosts_id-switch" addr add "$hosts_visible.254/24" dev visible
    for one; do
        hosts_plug "${one%=*}" "${one#*=}"
        hosts_boot "${one%=*}"
    done
    for one; do
        until_true 120 hosts_up "${one%=*}" || { tail -n 20 "$hosts_folder/${one%=*}/console"; return 1; }
    done
}

on() {
    local leader=${hosts_leader[$1]}
    shift
    nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup --root --wd env -i LC_ALL=C.UTF-8 \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_COLORS=0 SYSTEMD_PAGER=cat DEBIAN_FRONTEND=noninteractive "$@"
}

operator() { ip netns exec "$hosts_id-switch" "$@"; }

hosts_pid() {
    local pid
    for pid in $(ip netns pids "$hosts_id-$1"); do
        case $(cat "/proc/$pid/comm" 2>/dev/null) in rehome-*) echo "$pid" ;; esac
    done
}

hosts_cgroup_gone() {
    [ ! -d "$1" ] || find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
}

hosts_stop() {
    local name group
    for name; do
        [ -z "${hosts_leader[$name]:-}" ] || kill -KILL "${hosts_leader[$name]}" 2>/dev/null || true
        [ -z "${hosts_nspawn[$name]:-}" ] || { kill -TERM "${hosts_nspawn[$name]}" 2>/dev/null || true; wait "${hosts_nspawn[$name]}" 2>/dev/null || true; }
        unset "hosts_leader[$name]" "hosts_nspawn[$name]"
        for group in $(hosts_cgroups "$name"); do
            until_true 5 hosts_cgroup_gone "$group" || echo "cannot remove $group"
        done
        umount "$hosts_folder/$name/root" 2>/dev/null || umount --lazy "$hosts_folder/$name/root" 2>/dev/null || true
        ip netns del "$hosts_id-$name" 2>/dev/null || true
    done
}

hosts_remove() {
    local folder names=()
    [ -n "$hosts_folder" ] || return 0
    for folder in "$hosts_folder"/*/; do
        names+=("$(basename "$folder")")
    done
    hosts_stop "${names[@]}"
    ip netns del "$hosts_id-switch" 2>/dev/null || true
    rm -rf --one-file-system "$hosts_folder"
    hosts_folder=
}
