#!/usr/bin/env bats
# The Vagrantfile, and what the backend vagrant asks Vagrant: no machine is made here (tests/vagrant/run makes them).

bats_require_minimum_version 1.5.0
load helper

setup() {
    rehome_find
    export VAGRANT_DOTFILE_PATH="$BATS_TEST_TMPDIR/dot" VAGRANT_HOME="$BATS_TEST_TMPDIR/vagrant"
    export VAGRANT_DEFAULT_PROVIDER=libvirt VAGRANT_CHECKPOINT_DISABLE=1
}

vagrant_is_there() {
    command -v vagrant >/dev/null || skip "vagrant is not installed"
    vagrant --no-tty plugin list 2>/dev/null | grep -q libvirt || skip "vagrant-libvirt is not installed"
}

# A program that says what it was asked, for one that is not to be run here.
pretend() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho "%s $*"\n' "$1" >"$BATS_TEST_TMPDIR/bin/$1"
    chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

@test "the Vagrantfile is valid, keys of libvirt and all" {
    vagrant_is_there
    run vagrant --no-tty validate
    echo "$output"
    [ "$status" = 0 ]
    [[ "$output" == *"validated successfully"* ]]
}

@test "its machines are the processes of the topology; three more are a change of one file" {
    vagrant_is_there
    run vagrant --no-tty status
    echo "$output"
    [ "$(grep -c ' not created (libvirt)' <<<"$output")" = 8 ]
    topology="$BATS_TEST_TMPDIR/more.yaml"
    sed -e '/name: sub2, role/a\  - {name: sub3, role: subscriber, host: 14, services: [callmanager, ctimanager]}\n  - {name: sub4, role: subscriber, host: 15, services: [callmanager, ctimanager]}' \
        -e '/name: fleet, host/a\  - {name: fleet2, host: 42}' deploy/topologies/vagrant.yaml >"$topology"
    run "$REHOME" topology check "$topology"
    [ "$status" = 0 ]
    REHOME_TOPOLOGY="$topology" run vagrant --no-tty status
    echo "$output"
    [ "$(grep -c ' not created (libvirt)' <<<"$output")" = 11 ]
    grep -q '^sub4 ' <<<"$output"
}

@test "a machine is sent the package that was built last, and nothing else of build/packages" {
    command -v ruby >/dev/null || skip "ruby is not installed"
    local tree="$BATS_TEST_TMPDIR/tree"
    mkdir -p "$tree/build/packages" "$tree/deploy"
    cp Vagrantfile "$tree/"
    cp -r deploy/topologies "$tree/deploy/"
    for package in rehome-node_9_amd64 rehome-node-dbgsym_9_amd64 rehome_9_amd64 rehome-doc_9_all; do
        touch -d "1 hour ago" "$tree/build/packages/$package.deb"
    done
    touch "$tree/build/packages/rehome-node_10_amd64.deb" "$tree/build/packages/rehome-node-dbgsym_10_amd64.deb"
    # What says anything about a machine is heard, and what is not to be sent to it is said.
    run ruby -e '
        class Listener
          def method_missing(_name, *_words, **options)
            puts options[:rsync__exclude] if options[:rsync__exclude]
            yield Listener.new if block_given?
            self
          end
          def respond_to_missing?(*) = true
        end
        module Vagrant
          def self.configure(_version) = yield(Listener.new)
        end
        load ARGV[0]' "$tree/Vagrantfile"
    echo "$output"
    [ "$status" = 0 ]
    [ "$(sort <<<"$output")" = "$(cd "$tree/build/packages" && find . -name "*.deb" ! -name "rehome-node_10_*" -printf "%f\n" | sort)" ]
}

@test "without machines: 69, what Vagrant says, and what to do" {
    vagrant_is_there
    run "$REHOME" up --backend vagrant
    echo "$output"
    [ "$status" = 69 ]
    [[ "$output" == *"vagrant ssh-config: "* ]]
    [[ "$output" == *"next:  vagrant up"* ]]
}

@test "power: the plug is pulled by the provider's own means" {
    pretend virsh
    pretend VBoxManage
    pretend vagrant
    mkdir -p "$VAGRANT_DOTFILE_PATH/machines/sub1/libvirt" "$VAGRANT_DOTFILE_PATH/machines/sub2/virtualbox"
    printf 1234-ab >"$VAGRANT_DOTFILE_PATH/machines/sub1/libvirt/id"
    printf 5678-cd >"$VAGRANT_DOTFILE_PATH/machines/sub2/virtualbox/id"
    PATH="$BATS_TEST_TMPDIR/bin:$PATH"
    run deploy/vagrant/power off sub1
    [ "$output" = "virsh -q -c qemu:///system destroy 1234-ab" ]
    run deploy/vagrant/power off sub2
    [ "$output" = "VBoxManage controlvm 5678-cd poweroff" ]
    run deploy/vagrant/power on sub1
    [ "$output" = "vagrant --no-tty up sub1" ]
    run deploy/vagrant/power off sub3
    [ "$status" = 69 ]
    run deploy/vagrant/power down sub1
    [ "$status" = 64 ]
}
