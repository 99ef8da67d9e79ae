"""What strangers may hand over as a delivery: a hundred ways to reach what is not theirs."""

import io
import stat
import zipfile

# Each is an attempt; an exception means that it was held.
READS = (
    *("/etc/shadow", "/etc/passwd", "/etc/hostname", "/root/.ssh/id_rsa", "/root/.bashrc"),
    *("/root/.netrc", "/home", "/work/../etc/shadow", "/proc/1/environ", "/proc/1/mem"),
    *("/proc/1/cwd/..", "/proc/1/root/etc/shadow", "/proc/self/cwd/../../etc/passwd"),
    *("/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/tty", "/dev/fuse"),
    *("/dev/shm", "/sys/kernel", "/sys/class/net", "/var/log/syslog", "/var/run/docker.sock"),
    *("/run/secrets", "/boot", "/opt", "/srv", "/mnt", "/media", "/lost+found"),
)
WRITES = (
    *("/usr/bin/escape", "/usr/lib/escape", "/lib/escape", "/bin/escape", "/lib64/escape"),
    *("/escape", "/root/escape", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger"),
    *("/proc/sys/kernel/core_pattern", "/proc/1/oom_score_adj", "/dev/escape"),
    *("../escape", "../../escape", "/work/../escape", "/etc/escape", "/sys/escape"),
)
NETWORK = (
    "socket.create_connection(('127.0.0.1', PORT), 1)",
    "socket.create_connection(('localhost', PORT), 1)",
    "socket.create_connection(('::1', PORT), 1)",
    "socket.create_connection(('10.0.0.1', 80), 1)",
    "socket.create_connection(('169.254.169.254', 80), 1)",
    "socket.create_connection(('192.168.0.1', 80), 1)",
    "socket.getaddrinfo('example.org', 80)",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))",
    "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)",
    "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "socket.socket(socket.AF_UNIX).connect('/run/dbus/system_bus_socket')",
    "socket.socket(socket.AF_UNIX).connect('\\0escape')",
    "urllib.request.urlopen('http://127.0.0.1:PORT', timeout=1)",
)
POWERS = (
    "os.setuid(0)",
    "os.setresuid(0, 0, 0)",
    "os.setgroups([0])",
    "os.kill(1, 9) or os.kill(1, 0) and no",
    "os.kill(os.getppid(), 15) if os.getppid() > 1 else no",
    "[os.kill(pid, 9) for pid in range(3, 400) if pid != os.getpid()]",
    "os.chroot('/tmp')",
    "os.nice(-10)",
    "os.mknod('/tmp/disk', 0o60600, os.makedev(8, 0))",
    "os.chown('/work/main.py', 0, 0)",
    "os.chmod('/usr/bin', 0o777)",
    "os.link('/usr/bin/env', '/tmp/env')",
    "os.rename('/usr', '/tmp/usr')",
    "os.unlink('/usr/bin/env')",
    "os.remove('/bin/sh')",
    "shutil.rmtree('/usr/lib')",
    "syscall('mount', b'none', b'/work', b'tmpfs', 0, None)",
    "syscall('umount2', b'/usr', 2)",
    "syscall('sethostname', b'escape', 6)",
    "syscall('pivot_root', b'/work', b'/work')",
    "syscall('ptrace', 16, 1, 0, 0)",
    "syscall('swapon', b'/work/main.py', 0)",
    "syscall('reboot', 0)",
    "syscall('setns', os.open('/proc/1/ns/net', 0), 0)",
    "resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))",
    "resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6))",
    "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "os.open_tree('/')",
    "subprocess.check_output(['sudo', 'id'], stdin=subprocess.DEVNULL)",
    "subprocess.check_output(['su', '-c', 'id'], stdin=subprocess.DEVNULL)",
)
HARNESS = """
import ctypes, os, resource, shutil, socket, subprocess, sys, urllib.request
libc = ctypes.CDLL(None, use_errno=True)
def syscall(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)
def read(path):
    found = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(64)
    if not found:
        raise OSError("there is nothing")
def write(path):
    with open(path, "w") as file:
        file.write("1")
escaped = []
for attempt in ATTEMPTS:
    try:
        eval(attempt)
        escaped.append(attempt)
    except BaseException:
        pass
print("HELD" if not escaped else escaped)
"""

BOMBS = {
    "forks": """
import os
while True:
    os.fork()
""",
    "threads": """
import threading, time
while True:
    threading.Thread(target=time.sleep, args=(9,)).start()
""",
    "daemons": """
import os, time
for n in range(9):
    if os.fork() == 0:
        os.setsid()
        time.sleep(60)
print("left")
""",
    "memory": """
held = []
while True:
    held.append(bytearray(10_000_000))
""",
    "one allocation": "bytearray(10**12)",
    "disk": """
with open("big", "wb") as file:
    while True:
        file.write(bytes(10**6))
""",
    "many files": """
n = 0
while True:
    open(f"f{n}", "w").close()
    n += 1
""",
    "output": """
while True:
    print("x" * 10_000)
""",
    "time": """
while True:
    pass
""",
    "sleep": """
import time
time.sleep(600)
""",
    "deaf": """
import signal, time
for n in range(1, 32):
    try:
        signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
time.sleep(600)
""",
    "recursion": """
import sys
sys.setrecursionlimit(10**9)
def f():
    f()
f()
""",
    "a crash": """
import ctypes
ctypes.string_at(0)
""",
    "many open files": """
held = [open("main.py") for _ in range(10_000)]
""",
    "deep folders": """
import os
while True:
    os.mkdir("d")
    os.chdir("d")
""",
}


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return written.getvalue()


def _link() -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((info, b"/etc/shadow"))


def _lie() -> bytes:
    """Say of a file that it is small."""
    content = bytearray(zipped(("zeros", bytes(40_000_000))))
    for place in range(len(content) - 4):
        if content[place : place + 4] == (40_000_000).to_bytes(4, "little"):
            content[place : place + 4] = (10).to_bytes(4, "little")
    return bytes(content)


ARCHIVES = {
    "a bomb": lambda: zipped(("zeros", bytes(100_000_000))),
    "many bombs": lambda: zipped(*((f"zeros{n}", bytes(4_000_000)) for n in range(20))),
    "a bomb that lies": _lie,
    "a link": _link,
    "up and out": lambda: zipped(("../../etc/cron.d/escape", b"x")),
    "up in the middle": lambda: zipped(("a/../../escape", b"x")),
    "the root": lambda: zipped(("/etc/escape", b"x")),
    "backslashes": lambda: zipped(("..\\..\\escape", b"x")),
    "a bell": lambda: zipped(("a\x07b", b"x")),
    "a long name": lambda: zipped(("n" * 300, b"x")),
    "a deep name": lambda: zipped(("d/" * 40 + "x", b"x")),
    "the same twice": lambda: zipped(("a", b"1"), ("a", b"2")),
    "too many": lambda: zipped(*((f"{n}", b"") for n in range(2_001))),
    "cut short": lambda: zipped(("a", b"x" * 1_000))[:60],
    "no archive": lambda: b"PK\x03\x04" + b"\x00" * 100,
    "nothing": lambda: b"",
}
