"""What the decoding process may not ask of the kernel: code that a broken image brings along gets nowhere.

A seccomp filter in classic BPF over ``struct seccomp_data`` (seccomp(2)): the call's number at 0, the architecture
at 4, the arguments from 16 on, 8 bytes each. What is denied fails with EPERM; everything else is as before.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator
from itertools import chain

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _DENY = 0x7FFF_0000, 0x8000_0000, 0x0005_0000 | errno.EPERM
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _ARGUMENT_BYTES = 0, 4, 16, 8
_X32_CALLS = 0x4000_0000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

_ARCHITECTURES = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}
"""AUDIT_ARCH of a machine, and its column below."""

# None stands where the architecture has no such call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # the network
    "socket": (41, 198), "socketpair": (53, 199), "io_uring_setup": (425, 425),
    # other programs and processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None), "clone": (56, 220),
    "clone3": (435, 435), "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pidfd_getfd": (438, 438),
    "unshare": (272, 97), "setns": (308, 268),
    # files of others
    "unlink": (87, None), "unlinkat": (263, 35), "rename": (82, None), "renameat": (264, 38),
    "renameat2": (316, 276), "rmdir": (84, None), "truncate": (76, 45), "creat": (85, None), "openat2": (437, 437),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "link": (86, None), "linkat": (265, 37), "symlink": (88, None), "symlinkat": (266, 36),
}  # fmt: skip
_DENIED_FOR_WRITING: dict[str, tuple[int | None, int | None, int]] = {"open": (2, None, 1), "openat": (257, 56, 2)}
"""Numbers, and which argument holds the flags."""


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def deny_calls() -> bool:
    """Installs the filter for this thread and all that it starts, for good; whether the system could.

    Has to be called before the process has a second thread.
    """
    code = filter_of(platform.machine())
    if not code:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    program = _Program(len(code) // 8, code)
    unused = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), unused, unused, unused):
        return False
    mode = ctypes.c_ulong(_MODE_FILTER)
    return int(libc.prctl(_PR_SET_SECCOMP, mode, ctypes.byref(program), unused, unused)) == 0


def filter_of(machine: str) -> bytes:
    """The filter for a kind of machine, 8 bytes an instruction; empty where it is not known."""
    if machine not in _ARCHITECTURES:
        return b""
    architecture, column = _ARCHITECTURES[machine]
    denied = (numbers[column] for numbers in _DENIED.values())
    for_writing = ((numbers[column], numbers[2]) for numbers in _DENIED_FOR_WRITING.values())
    return b"".join(
        chain(
            # Calls of the machine's other, older tables have other numbers.
            (_load(_ARCHITECTURE), _skip_if(_JUMP_EQUAL, architecture), _return(_KILL_PROCESS), _load(_NUMBER)),
            _return_if(_JUMP_AT_LEAST, _X32_CALLS, _KILL_PROCESS),
            *(_return_if(_JUMP_EQUAL, number, _DENY) for number in denied if number is not None),
            *(_deny_writing(number, argument) for number, argument in for_writing if number is not None),
            (_return(_ALLOW),),
        )
    )


def _deny_writing(number: int, argument: int) -> Iterator[bytes]:
    yield _instruction(_JUMP_EQUAL, number, if_false=4)
    yield _load(_FIRST_ARGUMENT + argument * _ARGUMENT_BYTES)
    yield _instruction(_JUMP_ANY_BIT, _WRITES, if_false=1)
    yield _return(_DENY)
    yield _return(_ALLOW)


def _return_if(jump: int, value: int, answer: int) -> Iterator[bytes]:
    yield _instruction(jump, value, if_false=1)
    yield _return(answer)


def _skip_if(jump: int, value: int) -> bytes:
    return _instruction(jump, value, if_true=1)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, offset)


def _return(answer: int) -> bytes:
    return _instruction(_RETURN, answer)


def _instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
