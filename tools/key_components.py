#!/usr/bin/env python3
"""Keys in components, for the ceremonies of docs/operations/keys.md, where there is no `kazasu` (it has the same in `kazasu key draw`, `value`
and `import`): at a partner's, or on a computer without a network.

    key_components.py draw --bytes 32        draws a component and shows it once, with its check value
    key_components.py value                  asks for a component or key, and shows its check value
    key_components.py join --out FILE        asks two people for a component each, and writes the key into a new file (mode 600)
    key_components.py self-check             compares with published values

The key is the components' exclusive or: each alone says nothing about it. A check value (KCV) is the first three bytes of the AES-CMAC of a
block of zeros (ANSI X9.24-1), by OpenSSL's library, so that no key is ever an argument of a program. Nothing is sent anywhere.
"""
import argparse
import ctypes
import ctypes.util
import getpass
import os
import pathlib
import secrets
import sys

LENGTHS = (16, 24, 32)


class Problem(Exception):
    """What is wrong and how to mend it. It never repeats what was typed."""


def check_value(key):
    """Three bytes, hexadecimal."""
    name = ctypes.util.find_library("crypto")
    library = ctypes.CDLL(name) if name else None
    if library is None or not hasattr(library, "EVP_Q_mac"):
        raise Problem("OpenSSL's library (libcrypto, version 3 or newer) is not on this computer; install openssl")
    library.EVP_Q_mac.restype = ctypes.c_void_p
    out, length = ctypes.create_string_buffer(16), ctypes.c_size_t()
    done = library.EVP_Q_mac(None, b"CMAC", None, b"AES-%d-CBC" % (len(key) * 8), None, ctypes.c_char_p(bytes(key)),
                             ctypes.c_size_t(len(key)), bytes(16), ctypes.c_size_t(16), out, ctypes.c_size_t(16), ctypes.byref(length))
    if not done or length.value != 16:
        raise Problem("OpenSSL's library computes no AES-CMAC")
    return out.raw[:3].hex().upper()


def read(text):
    """A component or key as people type it: hexadecimal digits in any grouping."""
    digits = "".join(text.split()).replace("-", "")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        raise Problem(f"16進数ではありません: not hexadecimal: {len(digits)} characters, expected digits 0 to 9 and A to F") from None
    if len(key) not in LENGTHS:
        raise Problem(f"長さが違います: {len(digits)} digits, expected 32, 48 or 64 (16, 24 or 32 bytes)")
    if not any(key):
        raise Problem("すべて 0 です: it is all zeros")
    return key


def asked(prompt):
    """Asks until something readable comes; what is typed is not shown."""
    while True:
        try:
            return read(getpass.getpass(prompt))
        except Problem as problem:
            print(problem, file=sys.stderr)


def joined(components):
    """The exclusive or."""
    if len({len(component) for component in components}) != 1:
        raise Problem("成分の長さが異なります: the components have different lengths")
    key = bytes(len(components[0]))
    for component in components:
        key = bytes(a ^ b for a, b in zip(key, component))
    if not any(key):
        raise Problem("成分が同じです: the components are the same, so the key would be zero")
    return key


def grouped(key):
    """In groups of four digits, four groups a line, as the form has them."""
    groups = [key.hex().upper()[at:at + 4] for at in range(0, len(key) * 2, 4)]
    return "\n".join("    " + " ".join(groups[at:at + 4]) for at in range(0, len(groups), 4))


def draw(length):
    component = secrets.token_bytes(length)
    print(f"成分 component\n{grouped(component)}\n鍵検証値 check value (KCV)  {check_value(component)}")
    print("用紙に書き写し、画面を消してください。Write it on the form, compare the check value (`value`), then clear the screen.")


def join(path, count):
    components = []
    for number in range(1, count + 1):
        component = asked(f"{number} 人目の成分 component of person {number}: ")
        print(f"  鍵検証値 check value (KCV)  {check_value(component)}")
        if input("  用紙と同じですか Is it the one on the form? (yes/no): ").strip().lower() not in ("yes", "はい"):
            raise Problem("中止しました: ended. Nothing was written")
        components.append(component)
    key = joined(components)
    # A new file, so that no other key is lost, and never readable by others.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
    print(f"鍵 key: {len(key)} bytes, 鍵検証値 check value (KCV)  {check_value(key)}\n{path} に書きました written, mode 600")


def self_check():
    # Keys of zeros. The first is in the switch's own tests (schemas/src/mac.rs).
    for length, value in ((16, "763CBC"), (24, "0B50E6"), (32, "921105")):
        got = check_value(bytes(length))
        if got != value:
            raise Problem(f"the check value of {length} zero bytes is {got}, expected {value}")
    one, two = secrets.token_bytes(32), secrets.token_bytes(32)
    key = joined([one, two])
    assert joined([key, two]) == one and read(grouped(key)) == key and key not in (one, two)
    for wrong in ("", "00" * 16, "0g" * 16, "11" * 15):
        try:
            read(wrong)
        except Problem as problem:
            assert "11" not in str(problem) and "0g" not in str(problem)
        else:
            raise Problem(f"{len(wrong)} digits were taken that are no key")
    for parts in ([one, one], [one, two[:16]]):
        try:
            joined(parts)
        except Problem:
            continue
        raise Problem("components that make no key were joined")
    print("key_components.py: sound")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("draw").add_argument("--bytes", type=int, choices=LENGTHS, default=32)
    commands.add_parser("value")
    joining = commands.add_parser("join")
    joining.add_argument("--out", type=pathlib.Path, required=True)
    joining.add_argument("--components", type=int, choices=(2, 3), default=2)
    commands.add_parser("self-check")
    arguments = parser.parse_args()
    if arguments.command == "draw":
        draw(arguments.bytes)
    elif arguments.command == "value":
        print(f"鍵検証値 check value (KCV)  {check_value(asked('成分または鍵 component or key: '))}")
    elif arguments.command == "join":
        join(arguments.out, arguments.components)
    else:
        self_check()


if __name__ == "__main__":
    try:
        main()
    except (Problem, OSError, EOFError) as problem:
        sys.exit(f"key_components.py: {problem}")
    except KeyboardInterrupt:
        sys.exit("\nkey_components.py: ended. Nothing was written")
