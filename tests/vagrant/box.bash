# box: the box debian/bookworm64 for machines without hardware virtualization, made on the spot.
#
# All that only a test wants of a machine is in the Vagrantfile of the box, which has the last word nowhere: the
# Vagrantfile of the project is used as it is.
#
#   box_make PACKAGE...    a box with what .deb files PACKAGE depend on; $box_file is it. Once for a list of packages.

# shellcheck source=tests/packages/root.bash
source tests/packages/root.bash

box_cache=$PWD/build/vagrant
box_file=

# Units that nothing here wants: each costs an emulated machine a second of its boot, or more.
box_needless=(getty@tty1.service serial-getty@ttyS0.service systemd-udev-settle.service systemd-pstore.service
    kmod-static-nodes.service modprobe@{configfs,dm_mod,drm,efi_pstore,fuse,loop}.service systemd-modules-load.service
    systemd-{binfmt,journal-flush,network-generator,random-seed,sysusers,update-utmp,update-utmp-runlevel}.service
    systemd-hostnamed.service systemd-tmpfiles-clean.timer proc-sys-fs-binfmt_misc.automount
    systemd-{remount-fs,tmpfiles-setup-dev}.service dbus.{service,socket}
    dev-{hugepages,mqueue}.mount sys-kernel-{config,debug,tracing}.mount sys-fs-fuse-connections.mount)

# Its counter is the only clock that an emulated machine reads cheaply, and eight of them on two cores look to a watchdog
# as if it could not be trusted.
box_kernel="root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off 8250.nr_uarts=1 random.trust_cpu=on"
box_kernel+=" tsc=reliable clocksource=tsc hpet=disable nowatchdog rcupdate.rcu_expedited=1 apparmor=0 audit=0 ipv6.disable=1"
box_kernel+=" module_blacklist=kvm,kvm_amd,evdev,button,serio_raw"

# Each program that an emulated machine starts costs a tenth of a second or more, on two cores for eight of them. Vagrant
# gives two dozen commands to a machine, each to a login shell in sudo in a login shell.
box_swift() {
    local root=$1
    echo 'export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' >"$root/etc/profile"
    rm -f "$root"/etc/profile.d/* "$root"/{root,home/vagrant}/.{profile,bashrc}
    printf '%s sufficient pam_permit.so\n' auth account session >"$root/etc/pam.d/sudo"
    echo 'Defaults !syslog, !pam_session, !pam_setcred, !use_pty' >"$root/etc/sudoers.d/swift"
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/swift"
    # Of all devices only the links want udev; the kernel makes the rest, and there is nothing to be generated from.
    find "$root/usr/lib/udev/rules.d" -type f ! -name '50-udev-default.rules' ! -name '80-net-setup-link.rules' \
        ! -name '99-systemd.rules' -delete
    mkdir "$root/etc/systemd/system/systemd-udev-trigger.service.d"
    printf '%s\n' '[Service]' ExecStart= 'ExecStart=udevadm trigger --action=add --subsystem-match=net' \
        >"$root/etc/systemd/system/systemd-udev-trigger.service.d/links.conf" || return
    rm -f "$root"/usr/lib/systemd/system-generators/*
}

# A user that vagrant knows the key of, and nothing that an emulated machine would wait for.
box_configure() {
    local root=$1 key
    key=$(find / -xdev -path '*/vagrant-*/keys/vagrant.pub' -print -quit 2>/dev/null)
    [ -n "$key" ] || { echo "vagrant's public key is not there"; return 1; }
    chroot "$root" useradd --create-home --shell /bin/bash --password '*' vagrant || return
    install -d -m 700 -o 1000 -g 1000 "$root/home/vagrant/.ssh" || return
    install -m 600 -o 1000 -g 1000 "$key" "$root/home/vagrant/.ssh/authorized_keys" || return
    echo 'vagrant ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/vagrant"
    printf '%s\n' 'UseDNS no' 'UsePAM no' 'PasswordAuthentication no' >"$root/etc/ssh/sshd_config.d/vagrant.conf"
    printf '%s\n' '[Match]' 'Name=eth0' '[Network]' 'DHCP=ipv4' 'LinkLocalAddressing=no' 'IPv6AcceptRA=no' '[DHCPv4]' \
        'ClientIdentifier=mac' 'UseHostname=no' >"$root/etc/systemd/network/10-eth0.network"
    chroot "$root" systemctl enable --quiet systemd-networkd.service ssh.service || return
    root_quiet "$root" "${box_needless[@]}"
    box_swift "$root" || return
    # It takes twenty seconds; without it vagrant asks hostname(1).
    mv "$root/usr/bin/hostnamectl" "$root/usr/bin/hostnamectl.none"
    echo localhost >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
    : >"$root/etc/machine-id"
    find "$root/lib/modules" -path '*/kernel/*' \( -path '*/sound/*' -o -path '*/drivers/gpu/*' \) -delete
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/usr/share/{doc,man,locale}/*
}

# What finds the disk, and no more: Debian's own takes longer than the rest of the boot.
box_initrd() {
    local root=$1 out=$2 kernel tree module path
    tree=$(mktemp -d) || return
    kernel=$(basename "$root"/lib/modules/*)
    mkdir -p "$tree"/{bin,modules,proc,dev,root}
    cp /bin/busybox "$tree/bin/busybox"
    for module in virtio_pci virtio_blk ext4 virtio_net; do
        modprobe --dirname "$root" --set-version "$kernel" --show-depends "$module" || return
    done >"$tree/modules/found" || return
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' "$tree/modules/found" >"$tree/modules/paths"
    while IFS= read -r path; do
        cp "$path" "$tree/modules/" || return
        basename "$path"
    done <"$tree/modules/paths" >"$tree/modules/order"
    cat >"$tree/init" <<'INIT'
#!/bin/busybox sh
busybox=/bin/busybox
$busybox mount -t devtmpfs dev /dev
while read -r module; do $busybox insmod "/modules/$module"; done </modules/order
until [ -b /dev/vda ]; do $busybox usleep 10000; done
$busybox mount -t ext4 /dev/vda /root
exec $busybox switch_root /root /sbin/init
INIT
    chmod +x "$tree/init"
    (cd "$tree" && find . | cpio --create --format=newc --quiet | gzip -1) >"$out"
    rm -rf "$tree"
}

# An emulator that asks for less memory, for the code that it has translated, than its gigabyte.
box_emulator() {
    cat >"$1" <<'EMULATOR'
#!/bin/bash
arguments=()
for argument; do
    if [ "$argument" = tcg ]; then argument=tcg,tb-size=192; fi
    arguments+=("$argument")
done
exec /usr/bin/qemu-system-x86_64 "${arguments[@]}"
EMULATOR
    chmod +x "$1"
}

box_vagrantfile() {
    cat <<VAGRANTFILE
Vagrant.configure("2") do |config|
  config.vm.boot_timeout = 600
  config.ssh.insert_key = false
  config.ssh.shell = "sh"
  config.vm.provider "libvirt" do |provider|
    provider.driver = "qemu"
    provider.machine_type = "q35"
    provider.cpu_mode = "custom"
    provider.cpu_model = "qemu64"
    provider.graphics_type = "none"
    provider.video_type = "none"
    provider.volume_cache = "unsafe"
    provider.emulator_path = File.join(__dir__, "emulator")
    provider.kernel = File.join(__dir__, "vmlinuz")
    provider.initrd = File.join(__dir__, "initrd")
    provider.cmd_line = "$box_kernel"
  end
end
VAGRANTFILE
}

box_make() {
    local include root work
    include="systemd-sysv,dbus,udev,linux-image-cloud-amd64,openssh-server,sudo,rsync,iproute2,nftables,init-system-helpers,$(root_depends "$@")"
    box_file=$box_cache/$(cat tests/vagrant/box.bash tests/packages/root.bash <(echo "$include") | sha256sum | cut -c 1-12).box
    [ ! -f "$box_file" ] || return 0
    mkdir -p "$box_cache"
    work=$(mktemp -d "$box_cache/making.XXXX") || return
    root=$work/root
    if root_make "$root" "$include" && box_configure "$root" && mkdir "$work/box" &&
        cp "$root"/boot/vmlinuz-* "$work/box/vmlinuz" && box_initrd "$root" "$work/box/initrd" &&
        rm -f "$root"/boot/* && truncate --size 2G "$work/disk" &&
        mkfs.ext4 -q -d "$root" "$work/disk" &&
        qemu-img convert -O qcow2 "$work/disk" "$work/box/box.img" &&
        box_emulator "$work/box/emulator" && box_vagrantfile >"$work/box/Vagrantfile" &&
        echo '{"provider": "libvirt", "format": "qcow2", "virtual_size": 2}' >"$work/box/metadata.json" &&
        tar --create --sparse --file "$box_file.new" --directory "$work/box" .; then
        mv "$box_file.new" "$box_file"
    fi
    rm -rf --one-file-system "$work"
    [ -f "$box_file" ]
}
