# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""Try what the daemon's sandbox denies; print what became of each attempt, as JSON.

Runs inside the machine, in the place of the daemon: the standard library only. An attempt that
returns was possible; one that ends in an OSError was denied. Each is harmless where it succeeds.
"""

import ctypes
import json
import mmap
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
# asm/unistd.h, for what the C library has no function for: x86_64, aarch64.
NUMBERS = {
    "add_key": (248, 217),
    "bpf": (321, 280),
    "finit_module": (313, 273),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
}
AF_ALG, AF_BLUETOOTH, AF_CAN, AF_NETLINK, AF_PACKET, AF_VSOCK = 38, 31, 29, 16, 17, 40
CLONE = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "network": 0x40000000}
STATE = os.environ.get("STATE_DIRECTORY", "/var/lib/smsotp")


def called(name: str, *arguments: object) -> int:
    """Call a function of the C library, or a system call that it has none for."""
    if name in NUMBERS:
        number = NUMBERS[name][platform.machine() == "aarch64"]
        result = LIBC.syscall(number, *arguments)
    else:
        result = getattr(LIBC, name)(*arguments)
    if result == -1:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return int(result)


def in_a_child(act: Callable[[], object]) -> None:
    """Do something in a process of its own, which may well come to harm."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except OSError as error:
            os._exit(error.errno or 255)
        else:
            os._exit(0)
        finally:
            os._exit(255)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        raise OSError(0, f"signal {os.WTERMSIG(status)}")
    if code := os.WEXITSTATUS(status):
        raise OSError(code, os.strerror(code))


def read(path: str) -> Callable[[], object]:
    return lambda: list(Path(path).iterdir()) if Path(path).is_dir() else Path(path).read_bytes()


def the_journal() -> None:
    logs = Path("/run/log/journal"), Path("/var/log/journal")
    for log in (path for folder in logs for path in folder.glob("*/system.journal")):
        log.read_bytes()


def written(directory: str) -> Callable[[], object]:
    def write() -> None:
        path = Path(directory) / "written-by-the-probe"
        path.write_text("x")
        path.unlink()

    return write


def a_socket(family: int, kind: int, protocol: int = 0) -> Callable[[], object]:
    return lambda: socket.socket(family, kind, protocol).close()


def listening(family: int, address: str) -> Callable[[], object]:
    def listen() -> None:
        with socket.socket(family, socket.SOCK_STREAM) as server:
            server.bind((address, 4711))

    return listen


def a_copy_run_from(directory: str) -> Callable[[], object]:
    def run() -> None:
        with tempfile.TemporaryDirectory(dir=directory) as folder:
            copy = Path(folder) / "true"
            copy.write_bytes(Path("/usr/bin/true").read_bytes())
            copy.chmod(0o700)
            subprocess.run([copy], check=True)

    return run


def a_copy_run_from_memory() -> None:
    file = os.memfd_create("true")
    os.write(file, Path("/usr/bin/true").read_bytes())
    in_a_child(lambda: os.execve(file, ["true"], {}))  # noqa: S606  # to see whether it may


def writable_code() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def data_made_code() -> None:
    LIBC.mmap.restype = ctypes.c_void_p
    private = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    page = LIBC.mmap(None, 4096, mmap.PROT_READ | mmap.PROT_WRITE, private, -1, 0)
    called("mprotect", ctypes.c_void_p(page), 4096, mmap.PROT_READ | mmap.PROT_EXEC)


def a_library_from(directory: str) -> Callable[[], object]:
    def load() -> None:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(bytes(4096))
            file.flush()
            mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_EXEC).close()

    return load


def a_setuid_program() -> None:
    with tempfile.NamedTemporaryFile(dir=STATE) as file:
        Path(file.name).chmod(0o4700)


def a_file_given_away() -> None:
    with tempfile.NamedTemporaryFile(dir=STATE) as file:
        os.chown(file.name, 1, 1)


def a_device_node() -> None:
    path = f"{STATE}/null-of-the-probe"
    os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3))
    Path(path).unlink()


def traced_child() -> None:
    child = os.fork()
    if child == 0:
        time.sleep(5)
        os._exit(0)
    try:
        called("ptrace", 16, child, 0, 0)  # PTRACE_ATTACH
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def memory_of_another() -> None:
    buffer = ctypes.create_string_buffer(8)
    part = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    called("process_vm_readv", os.getpid(), part, 1, part, 1, 0)


def another_process() -> None:
    if not Path("/proc/1").exists():
        raise FileNotFoundError(2, "hidden")


def the_clock_set() -> None:
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME))


def real_time() -> None:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


ATTEMPTS: dict[str, Callable[[], object]] = {
    # Files that are not the daemon's.
    "read /root": read("/root"),
    "read /home": read("/home"),
    "read /run/user": read("/run/user"),
    "read /etc/shadow": read("/etc/shadow"),
    "read /etc/sudoers": read("/etc/sudoers"),
    "read the host keys of sshd": read("/etc/ssh/ssh_host_ed25519_key"),
    "read the credentials of other units": read("/etc/smsotp/credentials"),
    "read the journal": the_journal,
    **{
        f"write to {place}": written(place)
        for place in (
            "/",
            "/etc",
            "/etc/pam.d",
            "/etc/smsotp",
            "/etc/smsotp/scripts",
            "/usr/bin",
            "/usr/lib/pam-smsotp",
            "/usr/lib/python3/dist-packages",
            "/var",
            "/var/lib",
            "/var/spool",
            "/run",
            "/run/lock",
            "/dev",
            "/boot",
            "/home",
            "/root",
            "/srv",
            "/opt",
        )
    },
    # Code of its own.
    "run a copy from the state directory": a_copy_run_from(STATE),
    "run a copy from /tmp": a_copy_run_from("/tmp"),
    "run a copy from /var/tmp": a_copy_run_from("/var/tmp"),
    "run a copy from /dev/shm": a_copy_run_from("/dev/shm"),
    "run a copy from memory": a_copy_run_from_memory,
    "map memory to write and run": writable_code,
    "make written memory runnable": data_made_code,
    "map a file of its own to run": a_library_from(STATE),
    # Privileges.
    "become root": lambda: in_a_child(lambda: os.setresuid(0, 0, 0)),
    "become another user": lambda: in_a_child(lambda: os.setresuid(1, 1, 1)),
    "join another group": lambda: in_a_child(lambda: os.setgroups([0])),
    "give a file away": a_file_given_away,
    "make a program setuid": a_setuid_program,
    "make a device node": a_device_node,
    "change the root directory": lambda: in_a_child(lambda: os.chroot("/usr")),
    "mount": lambda: in_a_child(lambda: called("mount", b"none", b"/mnt", b"tmpfs", 0, None)),
    "unmount": lambda: called("umount2", b"/not-there", 0),
    **{
        f"make a {name} namespace": partial(in_a_child, partial(called, "unshare", flag))
        for name, flag in CLONE.items()
    },
    "enter a namespace": lambda: in_a_child(
        lambda: called("setns", os.open("/proc/self/ns/uts", os.O_RDONLY), 0)
    ),
    # Other processes.
    "see process 1": another_process,
    "trace a child": traced_child,
    "read memory by process_vm_readv": memory_of_another,
    "compare with a process": lambda: called("kcmp", os.getpid(), os.getppid(), 0, 0, 0),
    "take real time": real_time,
    "raise its priority": lambda: in_a_child(lambda: os.nice(-5)),
    # The kernel.
    "read /proc/kcore": read("/proc/kcore"),
    "read the addresses of the kernel": read("/proc/kallsyms"),
    "read /proc/sys": read("/proc/sys/kernel/hostname"),
    "read the kernel's log": lambda: called("klogctl", 3, ctypes.create_string_buffer(64), 64),
    "write /proc/sys": lambda: Path("/proc/sys/kernel/hostname").write_text("x"),
    "write /sys": lambda: os.close(os.open("/sys/power/state", os.O_WRONLY)),
    "change a control group": lambda: Path("/sys/fs/cgroup/of-the-probe").mkdir(),
    "load a module": lambda: called("finit_module", -1, b"", 0),
    "load another kernel": lambda: called("kexec_load", 0, 0, None, 0),
    "load a program into the kernel": lambda: called("bpf", 0, None, 0),
    "reboot, by a wrong number": lambda: called("reboot", 1),
    "swap": lambda: called("swapon", b"/not-there", 0),
    "set the clock": the_clock_set,
    "set the host's name": lambda: socket.sethostname(socket.gethostname()),
    "measure by perf": lambda: called("perf_event_open", bytes(128), 0, -1, -1, 0),
    "keep keys in the kernel": lambda: called("add_key", b"user", b"probe", b"x", 1, -3),
    "ask for the kernel's keys": lambda: called("keyctl", 0, -3, 0),
    "use io_uring": lambda: os.close(called("io_uring_setup", 1, ctypes.create_string_buffer(120))),
    "use userfaultfd": lambda: os.close(called("userfaultfd", 1)),
    "change its personality": lambda: in_a_child(lambda: called("personality", 0x0040000)),
    "lock memory": lambda: called("mlockall", 1),
    "share memory by System V": lambda: called("shmget", 0, 4096, 0o1600),
    "open a file by its handle": lambda: called("open_by_handle_at", -1, None, 0),
    # Devices.
    "open /dev/mem": lambda: os.close(os.open("/dev/mem", os.O_RDONLY)),
    "open /dev/kmsg": lambda: os.close(os.open("/dev/kmsg", os.O_RDONLY)),
    "open /dev/console": lambda: os.close(os.open("/dev/console", os.O_WRONLY | os.O_NOCTTY)),
    "open /dev/fuse": lambda: os.close(os.open("/dev/fuse", os.O_RDWR)),
    "open /dev/net/tun": lambda: os.close(os.open("/dev/net/tun", os.O_RDWR)),
    # The network.
    "open a netlink socket": a_socket(AF_NETLINK, socket.SOCK_RAW),
    "open a packet socket": a_socket(AF_PACKET, socket.SOCK_RAW),
    "open a raw socket": a_socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "open a raw socket of IPv6": a_socket(socket.AF_INET6, socket.SOCK_RAW, 58),
    "open a socket of the kernel's ciphers": a_socket(AF_ALG, socket.SOCK_SEQPACKET),
    "open a socket to a hypervisor": a_socket(AF_VSOCK, socket.SOCK_STREAM),
    "open a Bluetooth socket": a_socket(AF_BLUETOOTH, socket.SOCK_RAW, 1),
    "open a CAN socket": a_socket(AF_CAN, socket.SOCK_RAW, 1),
    "listen": listening(socket.AF_INET, "127.0.0.1"),
    "listen by IPv6": listening(socket.AF_INET6, "::1"),
}


def outcome(attempt: Callable[[], object]) -> str:
    """Return "" for an attempt that succeeded, else why it was denied."""
    try:
        attempt()
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.CalledProcessError as error:
        return f"status {error.returncode}"
    return ""


if __name__ == "__main__":
    json.dump({name: outcome(attempt) for name, attempt in ATTEMPTS.items()}, sys.stdout)
