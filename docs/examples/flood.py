#!/usr/bin/env python3
"""Open TCP connections to a port as fast as they are taken, and keep each until the other side closes it.

For measuring how a switch of one's own goes on during a flood (docs/operations/limits.md). Only loopback addresses are accepted.
"""
import argparse
import resource
import selectors
import socket
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", help="127.x.x.x:port")
    parser.add_argument("--connections", type=int, default=4096, help="kept open at one time at most")
    parser.add_argument("--networks", type=int, default=1, help="distinct source addresses, 1 to 250")
    parser.add_argument("--half-header", action="store_true", help="send the beginning of an HTTP request")
    parser.add_argument("--seconds", type=float, default=30)
    args = parser.parse_args()
    host, _, port = args.address.rpartition(":")
    if not host.startswith("127."):
        parser.error("only addresses of this machine (127.x.x.x)")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    waiting, opened, closed, failed = selectors.DefaultSelector(), 0, 0, 0
    begin = time.monotonic()
    while time.monotonic() - begin < args.seconds:
        if len(waiting.get_map()) < args.connections:
            connection = socket.socket()
            try:
                connection.bind((f"127.0.{opened % args.networks + 1}.1", 0))
                connection.connect((host, int(port)))
                if args.half_header:
                    connection.send(b"GET / HTTP/1.1\r\nhost: ")
                connection.setblocking(False)
                waiting.register(connection, selectors.EVENT_READ)
                opened += 1
            except OSError:
                connection.close()
                failed += 1
        # Those that the other side has closed make room for new ones.
        for key, _ in waiting.select(0 if opened % 50 else 0.001):
            try:
                ended = not key.fileobj.recv(1024)
            except OSError:
                ended = True
            if ended:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
                closed += 1
    seconds = time.monotonic() - begin
    print(f"opened {opened} ({opened / seconds:.0f}/s), closed by the other side {closed}, "
          f"failed {failed}, open at the end {len(waiting.get_map())}")


if __name__ == "__main__":
    sys.exit(main())
