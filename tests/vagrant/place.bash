# place: libvirt, with networks, machines and files of its own, on a machine that has none running.
#
# A process, its mounts and its network namespace: whatever happens, with that process everything is gone.
#
#   place_possible            says why not, and fails
#   place_enter COMMAND...    run it as the first process of a new place
#   place_start FOLDER        in there: libvirt answers, and keeps its files in FOLDER

place_possible() {
    local tool
    [ "$(id -u)" = 0 ] || { echo "skip: virtual machines need root"; return 1; }
    for tool in vagrant libvirtd virsh qemu-system-x86_64 qemu-img mmdebstrap mkfs.ext4 busybox cpio rsync dnsmasq; do
        command -v "$tool" >/dev/null || { echo "skip: $tool is not installed"; return 1; }
    done
    vagrant plugin list 2>/dev/null | grep -q libvirt || { echo "skip: vagrant-libvirt is not installed"; return 1; }
    unshare --mount --net --pid --fork true 2>/dev/null || { echo "skip: namespaces cannot be made here"; return 1; }
}

place_enter() { exec unshare --mount --net --pid --fork --kill-child --mount-proc "$@"; }

place_start() {
    local folder=$1 name
    mkdir -p "$folder"/{etc,lib,log,cache,run}
    cp -r /etc/libvirt/. "$folder/etc/"
    rm -rf "$folder"/etc/qemu/networks/autostart
    cat >"$folder/etc/qemu.conf" <<'CONF'
user = "root"
group = "root"
dynamic_ownership = 0
security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
CONF
    cat >"$folder/etc/libvirtd.conf" <<'CONF'
auth_unix_ro = "none"
auth_unix_rw = "none"
CONF
    mkdir -p /run/libvirt
    mount --bind "$folder/etc" /etc/libvirt || return
    mount --bind "$folder/run" /run/libvirt || return
    for name in lib log cache; do
        mkdir -p "/var/$name/libvirt"
        mount --bind "$folder/$name" "/var/$name/libvirt" || return
    done
    mkdir -p /var/lib/libvirt/{images,dnsmasq,qemu}
    ip link set lo up
    setsid libvirtd --config "$folder/etc/libvirtd.conf" </dev/null >"$folder/libvirtd.log" 2>&1 &
    until_true 60 virsh --connect qemu:///system version || { tail -n 20 "$folder/libvirtd.log"; return 1; }
}
