"""The cage: what a process that opens strangers' files can still do once it is shut.

Everything it needs is loaded before. Then it opens nothing more: no file, no socket, no process. Where it was started
as root it is nobody; where libseccomp is found the kernel refuses every call but those on ALLOWED (docs/operations.md).
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal

NOBODY = 65534
MAX_WRITTEN = 256 * 1024**2
ALLOWED = (
    "brk clock_getres clock_gettime clock_nanosleep close dup exit exit_group fcntl fstat futex getegid geteuid getgid "
    "getpid getrandom getrusage gettid gettimeofday getuid ioctl lseek madvise membarrier mmap mprotect mremap munmap "
    "nanosleep newfstatat pread64 read readv restart_syscall rseq rt_sigaction rt_sigprocmask rt_sigreturn "
    "sched_getaffinity sched_yield setitimer sigaltstack times write writev"
)
# The decoder of HEIC cannot do without a thread of its own: one that shares everything, and is no process.
OF_THREADS = "set_robust_list sched_getparam sched_getscheduler"
_CLONE_THREAD = 0x10000
_MASKED_EQUAL = 7
_LIBRARY = "libseccomp.so.2"
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 38, 4
_ALLOW, _REFUSE_WITH_EPERM, _REFUSE_WITH_ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026


class _Comparison(ctypes.Structure):
    """libseccomp's scmp_arg_cmp: what an argument of a call has to be."""

    _fields_ = [
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    ]


def filter_of_calls() -> ctypes.CDLL | None:
    """libseccomp, where it is installed."""
    try:
        return ctypes.CDLL(_LIBRARY)
    except OSError:
        return None


def drop_privileges(memory: int, seconds: int, *, threads: bool = False) -> None:
    """Give up all that is not needed, for good. `memory` in bytes, `seconds` of CPU in all; `threads` may be begun
    where the kernel can tell them from processes.
    """
    library = filter_of_calls()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_WRITTEN, MAX_WRITTEN))
    # No descriptor can be had beyond those that are open: neither a file nor a socket, whatever is called.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    if hasattr(resource, "RLIMIT_NPROC") and not (threads and library is not None):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    if library is not None:
        _refuse_calls(library, threads)


def _refuse_calls(library: ctypes.CDLL, threads: bool) -> None:
    """OSError when the kernel does not take the filter: then nothing is opened at all."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE_WITH_EPERM)))
    for name in (f"{ALLOWED} {OF_THREADS}" if threads else ALLOWED).split():
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add(rules, ctypes.c_uint32(_ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    if threads:
        _allow_threads(library, rules)
    if library.seccomp_load(rules) != 0:
        raise OSError("the filter of system calls was not taken")


def _allow_threads(library: ctypes.CDLL, rules: ctypes.c_void_p) -> None:
    """`clone` of a thread. What `clone3` is asked for cannot be seen: it is said not to exist, and `clone` is used."""
    clone, clone3 = (library.seccomp_syscall_resolve_name(name) for name in (b"clone", b"clone3"))
    thread = _Comparison(0, _MASKED_EQUAL, _CLONE_THREAD, _CLONE_THREAD)
    library.seccomp_rule_add_array(
        rules, ctypes.c_uint32(_ALLOW), ctypes.c_int(clone), ctypes.c_uint(1), ctypes.byref(thread)
    )
    library.seccomp_rule_add(rules, ctypes.c_uint32(_REFUSE_WITH_ENOSYS), ctypes.c_int(clone3), ctypes.c_uint(0))


def begin_step(seconds: float) -> None:
    """From now on so many seconds of CPU, then the process ends (SIGPROF)."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
