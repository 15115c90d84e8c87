# SPDX-FileCopyrightText: The pam-smsotp authors
# SPDX-License-Identifier: Apache-2.0
"""smsotpd: the daemon that decides logins, and smsotpctl, its command line."""

VERSION = "0.1.0"  # as in pyproject.toml and the package's changelog; a test compares them
