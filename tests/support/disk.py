"""Disks for tests that fill them or take away their writing: a tmpfs, mounted on a folder."""

import os
import subprocess
from contextlib import contextmanager, suppress

import pytest


@contextmanager
def mounted(folder, size="1m"):
    """Mount a disk on a folder for the block; without the right to do that, skip the test."""
    try:
        mount("-t", "tmpfs", "-o", f"size={size}", "none", folder)
    except (OSError, subprocess.CalledProcessError):
        if "CI" in os.environ:
            raise
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def mount(*arguments):
    """Call the program."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def fill(path):
    """Write a file until there is no room on its disk; delete it to have some again."""
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def remount(folder, mode):
    """Let a disk be only read ("ro") or also written ("rw"); tell whether that was possible.

    While a file is open to be written, as by a process that is being killed, it is not.
    """
    try:
        mount("-o", f"remount,{mode}", folder)
    except subprocess.CalledProcessError:
        return False
    return True
