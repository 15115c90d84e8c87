# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""A booted Debian 12 whose sshd asks for PIN and code, to be attacked."""

from tests.system.ssh.conftest import alice, bob, server, stranger

__all__ = ["alice", "bob", "server", "stranger"]
