"""Disks that tests can fill or make read-only: a tmpfs mounted on a folder."""

import os
import subprocess
from contextlib import contextmanager, suppress

import pytest


@contextmanager
def mounted(folder, size="1m"):
    """Mount a disk on a folder during the block. Skip the test if this is not permitted."""
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
    """Run mount."""
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def fill(path):
    """Write a file until the disk is full. Deleting it frees the space."""
    with suppress(OSError), path.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def remount(folder, mode):
    """Make a disk read-only ("ro") or writable ("rw"). Return whether it worked."""
    try:
        mount("-o", f"remount,{mode}", folder)
    except subprocess.CalledProcessError:
        return False
    return True
