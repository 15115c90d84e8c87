# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A booted Debian 12 whose sshd asks for PIN and code, for what breaks under systemd's eyes."""

from tests.system.ssh.conftest import alice, bob, server

__all__ = ["alice", "bob", "server"]
