"""The filter of system calls that the learner's code runs behind, where libseccomp is there.

A second wall, for the day when a namespace has a hole: what an app never calls, and what holes
were found in before, is refused. Nothing in here is needed for the other layers to hold.
"""

from __future__ import annotations

import ctypes
import errno
import os

_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_LIBRARY = "libseccomp.so.2"
_EQUAL, _LARGER, _MASKED_EQUAL = 4, 6, 7  # as seccomp.h numbers them

_NEW_USER = 0x10000000
_TYPE_INTO_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_FAMILIES = (1, 2, 10)  # Unix, IPv4, IPv6: what is between 1 and 10 and what is above is refused

# Other namespaces, mounts, other processes' memory, the kernel itself.
_REFUSED = (
    *("unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot", "mount_setattr"),
    *("fsopen", "fsmount", "fsconfig", "fspick", "move_mount", "open_tree"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp"),
    *("pidfd_getfd", "perf_event_open", "bpf", "userfaultfd", "lookup_dcookie"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
    *("add_key", "request_key", "keyctl", "open_by_handle_at", "name_to_handle_at"),
    *("init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"),
    *("acct", "quotactl", "swapon", "swapoff", "reboot", "syslog", "uselib", "personality"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "iopl"),
    *("modify_ldt", "move_pages", "mbind", "migrate_pages", "set_mempolicy", "vhangup"),
)


class _Argument(ctypes.Structure):
    _fields_ = (
        ("number", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("one", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


def filter_file() -> int:
    """A file with the filter, open for reading; ``OSError`` where there can be none."""
    library = ctypes.CDLL(_LIBRARY, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ALLOW)))
    if not context:
        raise OSError(errno.ENOMEM, "libseccomp makes no filter")
    try:
        return _written(library, context)
    finally:
        library.seccomp_release(context)


def _written(library: ctypes.CDLL, context: ctypes.c_void_p) -> int:
    def refuse(name: str, *arguments: _Argument, error: int = errno.EPERM) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # no such call on this machine
            return
        array = (_Argument * len(arguments))(*arguments)
        action = ctypes.c_uint32(_ERRNO | error)
        done = library.seccomp_rule_add_array(
            context, action, ctypes.c_int(number), ctypes.c_uint(len(arguments)), array
        )
        if done < 0:
            raise OSError(-done, f"libseccomp refuses a rule for {name}")

    for name in _REFUSED:
        refuse(name)
    # clone3 keeps its flags where no filter can read them; the C library then uses clone.
    refuse("clone3", error=errno.ENOSYS)
    refuse("clone", _Argument(0, _MASKED_EQUAL, _NEW_USER, _NEW_USER))
    for request in _TYPE_INTO_TERMINAL:
        refuse("ioctl", _Argument(1, _MASKED_EQUAL, 0xFFFFFFFF, request))
    for family in range(max(_FAMILIES)):
        if family not in _FAMILIES:
            refuse("socket", _Argument(0, _EQUAL, family, 0), error=errno.EAFNOSUPPORT)
    refuse("socket", _Argument(0, _LARGER, max(_FAMILIES), 0), error=errno.EAFNOSUPPORT)
    file = os.memfd_create("filter")
    done = library.seccomp_export_bpf(context, ctypes.c_int(file))
    if done < 0:
        os.close(file)
        raise OSError(-done, "libseccomp writes no filter")
    os.lseek(file, 0, os.SEEK_SET)
    return file
