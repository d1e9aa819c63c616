#!/usr/bin/env python3
"""capture.py BLOCK CALLS_LOG: what a packet capture says of the media that a fleet's call log tells of.

Captures the media datagrams to addresses of BLOCK (as 127.7.3) on the loopback interface, until its standard input
ends; then compares them with the legs of CALLS_LOG. Both time stamps and datagrams come from the kernel: nothing of this
is the fleet's own word. Prints one JSON object; needs root."""
import collections
import json
import select
import socket
import struct
import sys

MEDIA_PORT = 16384
ETH_P_ALL = 3
SO_TIMESTAMPNS = 35
SO_RCVBUFFORCE = 33
DATAGRAM = struct.Struct("=BBHIIIQ")  # version, kind, number, stamp, from, to, call


class Flow:
    """What one device sent to another in one call."""

    def __init__(self):
        self.n, self.missing, self.gap, self.last, self.number = 0, 0, 0, None, None

    def add(self, at_ns, number):
        if self.last is not None:
            self.gap = max(self.gap, at_ns - self.last)
            self.missing += (number - self.number - 1) & 0xFFFF
        self.n, self.last, self.number = self.n + 1, at_ns, number


def media_of(frame, block):
    """The media datagram of an Ethernet frame, or None."""
    ip = frame[14:]
    if len(ip) < 28 or ip[0] >> 4 != 4 or ip[9] != socket.IPPROTO_UDP:
        return None
    udp = ip[(ip[0] & 15) * 4:]
    to_port = struct.unpack_from("!H", udp, 2)[0]
    if to_port != MEDIA_PORT or ip[16:19] != block or len(udp) < 8 + DATAGRAM.size:
        return None
    return DATAGRAM.unpack_from(udp, 8)


def capture(block):
    flows = collections.defaultdict(Flow)
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sniffer.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    sniffer.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sniffer.bind(("lo", 0))
    print("capturing", file=sys.stderr, flush=True)
    while True:
        ready, _, _ = select.select([sniffer, sys.stdin], [], [])
        if sniffer not in ready:
            return flows  # nothing is left, and standard input has ended
        frame, extra, _, address = sniffer.recvmsg(256, 256)
        media = media_of(frame, block)
        if media is None or address[2] == socket.PACKET_OUTGOING:  # each is seen twice here
            continue
        seconds, ns = struct.unpack("qq", extra[0][2][:16])
        flows[media[6], media[4], media[5]].add(seconds * 10**9 + ns, media[2])


def compare(flows, log):
    """Plain calls of two parties: for each party the flow that it heard, the quieter one with the quieter one."""
    heard, legs = collections.defaultdict(list), collections.defaultdict(list)
    for (call, _, _), flow in flows.items():
        heard[call].append(flow)
    for line in open(log, encoding="utf-8"):
        leg = json.loads(line)
        legs[int(leg["call"], 16)].append(leg)
    told = {"flows": len(flows), "datagrams": sum(f.n for f in flows.values()), "legs": 0, "preserved": 0,
            "missing": sum(f.missing for f in flows.values()), "gap_max_ms": 0, "preserved_gap_max_ms": 0,
            "differ_max_ms": 0, "count_differ_max": 0}
    for call, two in legs.items():
        plain = all(leg["answer_us"] and not leg["transferred"] and "moved_from" not in leg for leg in two)
        if len(two) != 2 or len(heard[call]) != 2 or not plain:
            continue
        two.sort(key=lambda leg: (leg["reason"] == "media_lost", leg["media"]["gap_ms"]))
        for leg, flow in zip(two, sorted(heard[call], key=lambda flow: flow.gap)):
            gap = flow.gap // 10**6
            told["legs"] += 1
            told["gap_max_ms"] = max(told["gap_max_ms"], gap)
            # Who gives up after silence tells of that silence, too; nothing ends it.
            if leg["reason"] != "media_lost":
                told["differ_max_ms"] = max(told["differ_max_ms"], abs(gap - leg["media"]["gap_ms"]))
            if leg["preserved"]:
                told["preserved"] += 1
                told["preserved_gap_max_ms"] = max(told["preserved_gap_max_ms"], gap)
        told["count_differ_max"] = max(told["count_differ_max"], abs(
            sum(flow.n for flow in heard[call]) - sum(leg["media"]["received"] for leg in two)))
    return told


print(json.dumps(compare(capture(bytes(int(part) for part in sys.argv[1].split("."))), sys.argv[2])))
