"""Runs one program where it can reach nothing; started by `sandbox`, never imported by it.

    python -I -S jail.py '{"root": ..., "argv": [...], ...}'

A new process enters namespaces of its own: no network but a loopback that is down, no processes
but its own, no files but a copy of its work, the interpreter and the system's libraries, these
read-only. Then it takes limits on, gives every privilege up, and becomes the program. Whatever
that begins ends with it, because the first process of its namespace is ours.

This file uses the standard library alone: it runs before anything else could be found.
"""

import ctypes
import json
import os
import resource
import signal
import sys

NEWNS, NEWUTS, NEWIPC = 0x00020000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
RDONLY, NOSUID, NODEV, REMOUNT, BIND, REC = 1, 2, 4, 32, 4096, 16384
PRIVATE = 1 << 18
DEATH_SIGNAL, DROP, NO_NEW_PRIVILEGES = 1, 24, 38
CAPABILITIES = 0x20080522  # the version of a call's layout
OUTSIDE_IDS = 1_000_000  # no user of this machine is numbered so
CANNOT = 97  # this machine lets nobody have namespaces
BROKEN = 98

libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: object) -> None:
    """Call the system; raise OSError where it says no."""
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount something within this process's own view of files."""
    words = [word.encode() if word else None for word in (source, target, kind)]
    call("mount", *words, ctypes.c_ulong(flags), options.encode() if options else None)


def enter_namespaces() -> None:
    """Leave the machine's own network, processes and mounts."""
    is_root = os.geteuid() == 0
    user, group = os.geteuid(), os.getegid()
    flags = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET | (0 if is_root else NEWUSER)
    try:
        call("unshare", flags)
    except OSError:
        sys.exit(CANNOT)
    if not is_root:
        write("setgroups", "deny")
        write("uid_map", f"0 {user} 1")
        write("gid_map", f"0 {group} 1")


def write(name: str, text: str) -> None:
    """Say something of this process to the system."""
    with open(f"/proc/self/{name}", "w") as file:
        file.write(text)


def build_root(root: str, work: str, seen: list[str], disk_bytes: int) -> None:
    """Make a root that holds a writable copy of the work, and read-only what it needs to run."""
    mount("none", "/", "", REC | PRIVATE)
    mount("tmpfs", root, "tmpfs", NOSUID | NODEV, f"size={disk_bytes},nr_inodes=20000,mode=755")
    for path in seen:
        target = root + path
        if os.path.islink(path):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.symlink(os.readlink(path), target)
            continue
        os.makedirs(target, exist_ok=True)
        mount(path, target, "", BIND | REC)
        mount("none", target, "", BIND | REC | REMOUNT | RDONLY | NOSUID)
    for name in ("dev", "proc", "tmp", "work"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    for device in ("null", "zero", "urandom"):
        open(f"{root}/dev/{device}", "w").close()
        mount(f"/dev/{device}", f"{root}/dev/{device}", "", BIND)
    copy(work, f"{root}/work")
    for name in ("tmp", "work"):
        os.chmod(f"{root}/{name}", 0o777)


def copy(source: str, target: str) -> None:
    """Copy plain files and folders; there is nothing else in what `sandbox` laid out."""
    for name in os.listdir(source):
        here, there = f"{source}/{name}", f"{target}/{name}"
        if os.path.isdir(here):
            os.mkdir(there)
            copy(here, there)
        else:
            with open(here, "rb") as read, open(there, "wb") as written:
                written.write(read.read())
        os.chmod(there, 0o777)


def take_limits(limits: dict[str, int]) -> None:
    """Bound time, memory, files and processes of this process and what it begins."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def give_up_privileges(number: int) -> None:
    """Become nobody, for good."""
    for privilege in range(64):
        libc.prctl(DROP, privilege, 0, 0, 0)  # numbers that the kernel does not know are refused
    if os.geteuid() == 0 and os.getuid() == 0 and not in_own_users():
        os.setgroups([])
        os.setresgid(number, number, number)
        os.setresuid(number, number, number)
    call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    call("capset", header, (ctypes.c_uint32 * 6)())


def in_own_users() -> bool:
    """Tell whether root is root of this namespace only."""
    with open("/proc/self/uid_map") as file:
        return file.read().split() != ["0", "0", "4294967295"]


def main() -> None:
    """Run what was asked for, and end as it ends."""
    asked = json.loads(sys.argv[1])
    call("prctl", DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    outside = OUTSIDE_IDS + os.getpid()
    if asked["is_apart"]:
        enter_namespaces()
        child = os.fork()  # only a child is in the new namespace of processes, as its first
        if child:
            _, status = os.waitpid(child, 0)
            sys.exit(os.waitstatus_to_exitcode(status) % 256)
        call("prctl", DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    try:
        if asked["is_apart"]:
            build_root(asked["root"], asked["work"], asked["seen"], asked["disk_bytes"])
            os.chroot(asked["root"])
            os.chdir("/work")
            mount("proc", "/proc", "proc", NOSUID | NODEV)
        else:
            os.chdir(asked["work"])
        runner = os.fork()  # the first process of a namespace is deaf to signals, so it only waits
        if runner == 0:
            take_limits(asked["limits"])
            if asked["is_apart"]:
                give_up_privileges(outside)
            else:
                call("prctl", NO_NEW_PRIVILEGES, 1, 0, 0, 0)
            os.execve(asked["argv"][0], asked["argv"], asked["environment"])
    except OSError as error:
        print(f"the jail could not be built: {error}", file=sys.stderr)
        os._exit(BROKEN)
    while True:
        ended, status = os.wait()
        if ended == runner:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
